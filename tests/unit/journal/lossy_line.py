"""A line to a server that can be cut when the answer to a commit comes back: the one moment that leaves a doubt."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from sqlalchemy import URL

PORT = 5432


class LossyLine:
    """Listens on a socket in `folder` and passes everything on to the server of `url`, each connection by a thread.
    `mode`: "whole"; "unanswered": a COMMIT reaches the server, its answer is lost; "unheard": it never gets there."""

    def __init__(self, folder: Path, url: URL) -> None:
        self.url = url.set(query={"host": str(folder)})
        self.mode = "whole"
        self._server = str(Path(str(url.query["host"])) / f".s.PGSQL.{PORT}")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / f".s.PGSQL.{PORT}"))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """Questions there, answers back, until one of the two has gone."""
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self._server)
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
            while said := client.recv(65_536):
                is_cut = b"COMMIT" in said and self.mode != "whole"
                if is_cut and self.mode == "unheard":
                    break
                if is_cut:
                    self._lost = True
                server.sendall(said)
            for side in (server, client):  # closing alone would not wake the thread that listens to it
                side.shutdown(socket.SHUT_RDWR)

    _lost = False

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := server.recv(65_536):
                if self._lost:
                    self._lost = False
                    break
                client.sendall(said)
            client.shutdown(socket.SHUT_RDWR)
