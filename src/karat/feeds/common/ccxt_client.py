"""ccxt, held to the house's rules.

1. It is imported when an exchange is first asked for, never before: that takes a second.
2. Every request, whatever part of ccxt makes it, stands in the request budget of its host. ccxt knows what each costs.
3. A host that says "too many" is left alone for as long as it says, by everything in Karat.
4. Nothing is signed or sent that was not asked for: no calls about currencies, no approval of anybody's fees.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from karat.core.errors import InputError, KaratError, RetryLater
from karat.core.extras import how_to_install
from karat.feeds.common.network import Network, retry_after_seconds
from karat.ports.budget import RequestBudget

HOLD_SECONDS = 60.0  # where the host says "too many" and not for how long: the limits are counted per minute

_cost: ContextVar[float] = ContextVar("cost of the request that ccxt is about to make", default=1.0)


def open_exchange(name: str, options: dict[str, Any], network: Network, budget: RequestBudget) -> Any:
    """The ccxt exchange `name`, with nothing loaded yet. Raises InputError `package_missing`."""
    try:
        import ccxt.async_support as ccxt
    except ImportError as error:
        message = "Downloading from exchanges needs the package ccxt, which is not installed."
        raise InputError("package_missing", message, how_to_install("download")) from error
    too_many = (ccxt.RateLimitExceeded, ccxt.DDoSProtection)
    base: Any = getattr(ccxt, name)

    class Exchange(base):
        """The exchange with the budget between it and the network."""

        async def throttle(self, cost: Any = None) -> None:
            _cost.set(1.0 if cost is None else float(cost))

        async def fetch(self, url: Any, method: Any = "GET", headers: Any = None, body: Any = None) -> Any:
            host = urlsplit(url).hostname or name
            await budget.spend(host, _cost.get() * self.rateLimit)
            self.last_response_headers = {}
            try:
                answer = await super().fetch(url, method, headers, body)
            except too_many:
                budget.hold(host, retry_after_seconds(self.last_response_headers, HOLD_SECONDS))
                raise
            if not isinstance(answer, dict | list):  # a page of some proxy: ccxt would read no bars out of it
                raise ccxt.BadResponse(f"{name}: no JSON")
            return answer

        def handle_errors(self, code: int, *rest: Any) -> Any:
            if code >= 500:  # some exchanges' own reading takes a page of a server that is down for a refusal
                raise ccxt.ExchangeNotAvailable(f"{name}: HTTP {code}")
            return super().handle_errors(code, *rest)

        async def initialize_client(self) -> bool:
            return True  # of Hyperliquid: it would sign an approval of a builder's fee before the first order

    settings: dict[str, Any] = {
        "timeout": round(network.timeout_seconds * 1000),
        "options": options,
        "enableLastResponseHeaders": True,
        "enableLastJsonResponse": True,
    }
    if network.proxy:
        settings["httpsProxy"] = network.proxy
    if network.ca_file:
        settings["cafile"] = network.ca_file
    exchange = Exchange(settings)
    exchange.has["fetchCurrencies"] = False
    return exchange


def translated(error: Exception, venue: str) -> KaratError | None:
    """The house's word for what ccxt raised, without addresses or keys; None for what is no failure of the vendor."""
    import ccxt.async_support as ccxt
    from aiohttp import ClientError

    retry = "Nothing is lost: give the same command again later."
    if isinstance(error, ccxt.RateLimitExceeded | ccxt.DDoSProtection):
        return RetryLater("vendor_limit", f"{venue} says that it was asked too often.", retry)
    if isinstance(error, ccxt.AuthenticationError):
        return InputError("key_refused", f"{venue} refused the key.", "Check the key, its rights and its addresses.")
    if isinstance(error, ccxt.BadSymbol):
        return InputError("symbol_unknown", f"{venue} does not know that symbol.", "See its list of markets.")
    if isinstance(error, ccxt.RestrictedLocation):
        return InputError("vendor_refused", f"{venue} does not serve this place.", "Use another venue.")
    if isinstance(error, ccxt.RequestTimeout):
        return RetryLater("vendor_down", f"{venue} did not answer in time.", retry)
    if isinstance(error, ccxt.NetworkError) or isinstance(error.__cause__, ClientError):
        return RetryLater("vendor_down", f"{venue} cannot be reached, or is down.", retry)
    if isinstance(error, ccxt.BadResponse):
        return RetryLater("vendor_garbled", f"{venue} sent an answer that makes no sense.", retry)
    if isinstance(error, ccxt.BaseError):
        return InputError("vendor_refused", f"{venue} refused the request.", "Check symbol, timeframe and times.")
    if isinstance(error, ValueError | TypeError | KeyError | IndexError | AttributeError):
        return RetryLater("vendor_garbled", f"{venue} sent an answer that makes no sense.", retry)
    return None
