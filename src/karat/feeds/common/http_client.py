"""HTTP for vendors that ccxt does not serve: JSON in, the house's errors out, every request in the budget."""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from karat.core.errors import InputError, RetryLater
from karat.core.time import SECOND_MS
from karat.feeds.common.network import Network, retry_after_seconds
from karat.ports.budget import RequestBudget

HOLD_SECONDS = 60.0
_AGAIN = "Nothing is lost: give the same command again later."


class VendorClient:
    """Requests to one host of a vendor called `name`. A request takes `cost_ms` of the host's time."""

    def __init__(
        self, name: str, base_url: str, cost_ms: float, network: Network, budget: RequestBudget, **headers: str
    ) -> None:
        self._name, self._cost_ms, self._budget = name, cost_ms, budget
        context = ssl.create_default_context()
        if network.ca_file:
            context.load_verify_locations(network.ca_file)
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            verify=context,
            proxy=network.proxy,
            timeout=network.timeout_seconds,
            trust_env=False,  # what the operator's environment says has been read already
        )
        self._vendor_ms: int | None = None

    async def get_json(self, path: str, **query: str | int) -> dict[str, Any]:
        """The object at a path. Raises as `ports.history` says; `symbol_unknown` for 404 and 422."""
        answer = await self._get(path, query)
        self._refuse_status(answer.status_code)
        try:
            value = answer.json()
        except ValueError:
            raise self.garbled() from None
        if not isinstance(value, dict):
            raise self.garbled()
        self._vendor_ms = _date_ms(answer.headers) or self._vendor_ms  # an older time is a safe one
        return value

    async def get_bytes(self, path: str) -> bytes | None:
        """The file at a path, None where there is none (404). Raises as `ports.history` says."""
        answer = await self._get(path, {})
        if answer.status_code == 404:
            return None
        self._refuse_status(answer.status_code)
        return answer.content

    async def close(self) -> None:
        await self._client.aclose()

    def now_ms(self) -> int:
        """The vendor's time when it last answered. Raises RetryLater `vendor_garbled` when it gave none."""
        if self._vendor_ms is None:
            raise self.garbled()
        return self._vendor_ms

    def garbled(self) -> RetryLater:
        return RetryLater("vendor_garbled", f"{self._name} sent an answer that makes no sense.", _AGAIN)

    def unknown(self, symbol: str) -> InputError:
        return InputError("symbol_unknown", f"{self._name} has no symbol {symbol}.", "Write it as the vendor does.")

    async def _get(self, path: str, query: dict[str, str | int]) -> httpx2.Response:
        host = self._client.base_url.host
        await self._budget.spend(host, self._cost_ms)
        try:
            answer = await self._client.get(path, params=query)
        except httpx2.TimeoutException:
            raise RetryLater("vendor_down", f"{self._name} did not answer in time.", _AGAIN) from None
        except httpx2.HTTPError:
            raise RetryLater("vendor_down", f"{self._name} cannot be reached, or is down.", _AGAIN) from None
        if answer.status_code in (429, 999):  # 999 is how Yahoo says it
            self._budget.hold(host, retry_after_seconds(dict(answer.headers), HOLD_SECONDS))
            raise RetryLater("vendor_limit", f"{self._name} says that it was asked too often.", _AGAIN)
        return answer

    def _refuse_status(self, status: int) -> None:
        if status in (401, 403):
            hint = "Check the key, and what your subscription allows."
            raise InputError("key_refused", f"{self._name} refused the key, or what was asked for.", hint)
        if status in (404, 422):
            raise self.unknown("of that name")
        if status >= 500:
            raise RetryLater("vendor_down", f"{self._name} is down (HTTP {status}).", _AGAIN)
        if status >= 400:
            hint = "Check symbol, timeframe and times."
            raise InputError("vendor_refused", f"{self._name} refused the request (HTTP {status}).", hint)


def _date_ms(headers: httpx2.Headers) -> int | None:
    try:
        return round(parsedate_to_datetime(headers["date"]).timestamp() * SECOND_MS)
    except (KeyError, ValueError):
        return None
