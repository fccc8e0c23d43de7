"""Who may talk to the API: the Host header, the bearer token, and the headers that keep a browser from being tricked.

1. A page of another site may point its own name at 127.0.0.1 (DNS rebinding); its requests then carry that name as
   Host, so anything but a loopback name is refused.
2. The token is compared in constant time and never taken from a URL, a cookie or a form.
3. The content security policy allows this origin and nothing else; no other page may frame it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from karat.api.errors import UnauthorizedError, error_response

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def host_name(host: str) -> str:
    """The name in a Host header, without its port: "[::1]:8080" gives "[::1]"."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


class Guard:
    """ASGI middleware: refuses foreign hosts, numbers requests, adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(6)
        scope["karat.request_id"] = request_id

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if host_name(Headers(scope=scope).get("host", "")) in LOOPBACK_NAMES:
            await self.app(scope, receive, send_guarded)
            return
        hint = "Use http://127.0.0.1 with the port that `karat serve` printed."
        refusal = error_response(421, "foreign_host", "Karat answers only under a loopback name.", hint)
        await refusal(scope, receive, send_guarded)


def bearer(token: str) -> Callable[[Request], None]:
    """A dependency that raises UnauthorizedError unless the request carries `token`."""
    assert token, "the API is never served without a token"
    expected = token.encode()

    def require_token(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), expected):
            raise UnauthorizedError

    return require_token
