"""An account at a venue, asked over loopback HTTP: what it answers is set by the test."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from karat.core.errors import NeedsOperator, RetryLater
from karat.ports.account_check import KeyRights


class HttpAccount:
    """Satisfies `karat.ports.account_check.AccountCheck`, at `url`."""

    venue = "binance_perp"

    def __init__(self, url: str) -> None:
        self._url = url

    def rights(self) -> KeyRights:
        told = self._ask("rights")
        return KeyRights(told.get("read"), told.get("trade"), told.get("withdraw"))

    def balances(self) -> Mapping[str, Decimal]:
        return {name: Decimal(amount) for name, amount in self._ask("balances").items()}

    def _ask(self, what: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self._url}/{what}", timeout=2.0) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise NeedsOperator("key_refused", f"the venue refused the key ({error.code}).") from error
        except OSError as error:
            raise RetryLater("venue_unreachable", "nobody answers.") from error


@contextmanager
def account_server(answers: Mapping[str, Any]) -> Iterator[str]:
    """A server that answers /NAME with `answers[NAME]`, and 401 to everything else. Its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = answers.get(self.path.strip("/"))
            self.send_response(401 if told is None else 200)
            self.end_headers()
            self.wfile.write(b"" if told is None else json.dumps(told).encode())

        def log_message(self, format: str, *told: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
