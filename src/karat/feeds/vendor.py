"""One vendor over HTTP: its address, its key, its manners. Each vendor has connections and a pause of its own.

1. A request has a time limit for each phase, so a socket that says nothing ends it.
2. 429 and 503 are obeyed: a short `Retry-After` is waited for once, a longer one is handed up, and until it is over the
   vendor is not asked at all.
3. What a vendor answers is judged here: status, JSON, its own envelope. Everything that goes wrong is one line that
   names the vendor and never its key: an answer that repeats the key loses it before anything else sees the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx2

from karat.core.errors import NeedsOperator, RetryLater
from karat.ports.clock import Clock
from karat.ports.redaction import Redactor

REQUEST_SECONDS = 10.0
WAIT_SECONDS_MAX = 3.0  # a longer wait than this is left to the next round
WAIT_SECONDS = 60.0  # when a vendor says "too many" without saying for how long
CONNECTIONS = 4
ANSWER_BYTES_MAX = 32 * 2**20
_REFUSED, _BUSY = (401, 403), (418, 429, 503)


class VendorPaused(RetryLater):
    """The vendor is not to be asked before `retry_ms`, UTC ms."""

    def __init__(self, message: str, hint: str, retry_ms: int) -> None:
        super().__init__("vendor_busy", message, hint)
        self.retry_ms = retry_ms


@dataclass(frozen=True, slots=True)
class Access:
    """How a vendor is reached. `key_header` is the header that carries the key, `key_parameter` the query parameter;
    one of them where a key is needed, none where it is not. `key_form` is what is sent, with {key} in it."""

    name: str
    base_url: str
    key_name: str = ""  # the setting that holds the key, for messages
    key: str = field(default="", repr=False)
    key_header: str = ""
    key_parameter: str = ""
    key_form: str = "{key}"
    key_needed: bool = False


class Vendor:
    """Asks one vendor. `unwrap` takes an answer out of its envelope, and raises what a refusal in it means."""

    def __init__(
        self,
        access: Access,
        clock: Clock,
        unwrap: Callable[[Vendor, Any], Any] = lambda _, payload: payload,
        *,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self.access = access
        self._clock = clock
        self._unwrap = unwrap
        self._paused_until_ms = 0
        self._hidden = Redactor()
        self._hidden.register(access.key)
        self._client = httpx2.AsyncClient(
            base_url=access.base_url,
            timeout=httpx2.Timeout(request_seconds),
            limits=httpx2.Limits(max_connections=CONNECTIONS),
            headers={"accept": "application/json", "user-agent": "karat"},
            follow_redirects=not access.key,  # another host must not be shown a key
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def json(self, path: str, parameters: Mapping[str, str]) -> Any:
        """The answer as JSON, out of its envelope.

        Raises RetryLater `vendor_busy` (with `retry_ms`), `vendor_down`, `vendor_garbage`; NeedsOperator `key_missing`,
        `key_refused`.
        """
        text = await self.text(path, parameters)
        try:
            payload = json.loads(text)
        except ValueError as error:
            raise self.garbage(f"no JSON: {text[:60]!r}") from error
        return self._unwrap(self, payload)

    async def text(self, path: str, parameters: Mapping[str, str]) -> str:
        """The answer as text. Raises what `json` raises."""
        self._refuse_without_key()
        response = await self._answer(path, parameters)
        wait = self._wait_seconds(response)
        if wait is not None and wait <= WAIT_SECONDS_MAX:
            await self._clock.sleep(wait)
            response = await self._answer(path, parameters)
            wait = self._wait_seconds(response)
        if wait is not None:
            self._paused_until_ms = self._clock.now_ms() + round(wait * 1000)
            raise self._paused()
        text = self._hidden.clean(response.text)
        self._judge(response.status_code, text)
        return text

    def garbage(self, what: str) -> RetryLater:
        """What to raise for an answer that is not what the documentation says."""
        hint = "It may have changed; see docs/feeds.md for the page that Karat follows."
        said = self._hidden.clean(what)
        return RetryLater(
            "vendor_garbage", f"{self.access.name} answered something else than documented: {said}.", hint
        )

    def key_refused(self, said: str) -> NeedsOperator:
        """What to raise when the vendor does not accept the key, or the key's plan does not cover the request."""
        access = self.access
        name = access.key_name or "the key"
        return NeedsOperator(
            "key_refused", f"{access.name} refused {name}: {self._hidden.clean(said)}.", f"Check {name} and its plan."
        )

    async def _answer(self, path: str, parameters: Mapping[str, str]) -> httpx2.Response:
        if self._clock.now_ms() < self._paused_until_ms:
            raise self._paused()
        access, sent = self.access, dict(parameters)
        key = access.key_form.format(key=access.key) if access.key else ""
        headers = {access.key_header: key} if key and access.key_header else {}
        if key and access.key_parameter:
            sent[access.key_parameter] = key
        try:
            response = await self._client.get(path or access.base_url, params=sent, headers=headers)
        except httpx2.TimeoutException as error:
            raise self._down("did not answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._down(f"cannot be reached ({type(error).__name__})") from error
        if len(response.content) > ANSWER_BYTES_MAX:
            raise self.garbage(f"{len(response.content)} bytes")
        return response

    def _refuse_without_key(self) -> None:
        access = self.access
        if access.key_needed and not access.key:
            raise NeedsOperator("key_missing", f"{access.name} needs a key.", f"Set {access.key_name}.")

    def _judge(self, status: int, text: str) -> None:
        if status in _REFUSED or (status == 400 and "api_key" in text.lower()):
            raise self.key_refused(f"status {status}")
        if status >= 500:
            raise self._down(f"answered with status {status}")
        if status != 200:
            raise self.garbage(f"status {status}, {text[:60]!r}")

    def _wait_seconds(self, response: httpx2.Response) -> float | None:
        """How long the vendor wants to be left alone, None when it does not."""
        if response.status_code not in _BUSY:
            return None
        said = response.headers.get("retry-after", "").strip()
        if said.isdigit():
            return float(said)
        if not said:
            return WAIT_SECONDS
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - self._clock.now_ms() / 1000)
        except ValueError:
            return WAIT_SECONDS

    def _paused(self) -> VendorPaused:
        seconds = max(0, self._paused_until_ms - self._clock.now_ms()) / 1000
        message = f"{self.access.name} asks to be left alone for {seconds:.0f} s."
        return VendorPaused(message, "It is asked again after that.", self._paused_until_ms)

    def _down(self, what: str) -> RetryLater:
        return RetryLater("vendor_down", f"{self.access.name} {what}.", f"It is asked again later; {self._where()}.")

    def _where(self) -> str:
        return f"the address is {self.access.base_url}"
