"""An S3 server on this machine, spoken to over HTTP: moto, in a process of its own. It is not AWS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_REQUEST = re.compile(r'"([A-Z]+ \S+) HTTP/1\.\d" (\d+)')


class S3Server:
    """A running server. Requests without a signature are answered too; the tests make and break objects with them."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log
        self._buckets = 0

    def new_bucket(self) -> str:
        """Make a bucket that no other test has."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        self.call("PUT", f"/{name}")
        return name

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send one request and return the answer."""
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def has(self, path: str) -> bool:
        try:
            self.call("GET", path)
        except urllib.error.HTTPError:
            return False
        return True

    def objects(self, bucket: str) -> dict[str, str]:
        """Every object and its entity tag, which ends in -N when it came in N parts."""
        listing = self.call("GET", f"/{bucket}?list-type=2").decode()
        pairs = re.findall(r"<Key>(.*?)</Key>.*?<ETag>(.*?)</ETag>", listing, re.DOTALL)
        return {key: tag.replace("&quot;", "").strip('"') for key, tag in pairs}

    def requests(self) -> list[str]:
        """Method and path of every request that was answered so far, in order."""
        return [match[0] for match in _REQUEST.findall(self._log.read_text("utf-8"))]

    def ask_for_keys(self, *, ask: bool) -> None:
        """From now on refuse every key, for the server knows none; or none again."""
        self.call("POST", "/moto-api/reset-auth", b"0" if ask else b"inf")


@contextmanager
def running_server(folder: Path) -> Iterator[S3Server]:
    """Start a server on a free port and end it when the block ends."""
    log = folder / "s3.log"
    with log.open("wb") as out:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**environment, "NO_COLOR": "1"})
    try:
        started = None
        while started is None:
            assert process.poll() is None, log.read_text("utf-8")
            started = re.search(r"Running on (http://\S+)", log.read_text("utf-8"))
            os.sched_yield()
        yield S3Server(re.sub(r"\x1b.*", "", started[1]), log)
    finally:
        process.kill()
        process.wait()
