"""Where the kill switch is pulled from outside: the file KILL under KARAT_HOME, and a key of a Redis if one is named.

The file is the one that always works: it needs neither journal nor process nor network.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, RetryLater
from karat.core.home import karat_home
from karat.ports.kill import KillSource

FILE_NAME = "KILL"
URL_SETTING = "KARAT_REDIS_URL"
KEY_SETTING = "KARAT_REDIS_KILL_KEY"
REDIS_KEY = "karat:kill"
REASON_BYTES_MAX = 1_000
ANSWER_SECONDS = 1.0


class KillFile:
    """The file: that it is there pulls, what it says is the reason."""

    name, is_near = "file", True

    def __init__(self, home: Path | None = None) -> None:
        self.path = (home or karat_home()) / FILE_NAME

    def look(self) -> str | None:
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return "" if self.path.is_symlink() else None
        except OSError as error:
            return "" if self._is_listed() else self._unknown(error)
        try:
            return os.read(handle, REASON_BYTES_MAX).decode("utf-8", "replace").strip()
        except OSError:  # a folder of that name, for example: it is there
            return ""
        finally:
            os.close(handle)

    def raise_flag(self, reason: str) -> None:
        """First the file, which pulls, then its words: a full disk may take only the first."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            self._unknown(error)
            return
        try:
            os.write(handle, reason.encode()[:REASON_BYTES_MAX])
            os.fsync(handle)
        except OSError:
            pass  # it is there, which is enough
        finally:
            os.close(handle)

    def clear(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            self._unknown(error)

    def _is_listed(self) -> bool:
        try:
            return self.path in self.path.parent.iterdir()
        except OSError:
            return False

    def _unknown(self, error: OSError) -> None:
        raise RetryLater("kill_unknown", f"{self.path}: {error.strerror}.", "Check its rights.") from error


class KillKey:
    """A key of a Redis: that it is there pulls, its value is the reason."""

    name, is_near = "redis", False

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    def look(self) -> str | None:
        told = self._ask(lambda: self._client.get(self._key))
        return None if told is None else told.decode("utf-8", "replace")[:REASON_BYTES_MAX]

    def raise_flag(self, reason: str) -> None:
        self._ask(lambda: self._client.set(self._key, reason or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))

    def clear(self) -> None:
        self._ask(lambda: self._client.delete(self._key))

    def _ask(self, question: Any) -> Any:
        from redis.exceptions import RedisError

        try:
            return question()
        except RedisError as error:
            message = f"Redis does not answer ({type(error).__name__})."
            hint = f"See that the server of {URL_SETTING} runs."
            raise RetryLater("kill_unknown", message, hint) from error


def kill_sources(home: Path | None = None) -> tuple[KillSource, ...]:
    """All that are there for a home. Raises InputError `bad_redis_url`, `redis_missing`."""
    url = os.environ.get(URL_SETTING, "")
    return (KillFile(home), *([] if not url else [_kill_key(url)]))


def _kill_key(url: str) -> KillKey:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as error:
        message = f"{URL_SETTING} is set, and the package redis is not installed."
        raise InputError("redis_missing", message, "Install karat with the extra redis.") from error
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
        )
    except ValueError as error:
        hint = "Write redis://USER:PASSWORD@HOST:PORT/0, or rediss:// or unix://."
        raise InputError("bad_redis_url", f"{URL_SETTING} is not the URL of a Redis.", hint) from error
    return KillKey(client, os.environ.get(KEY_SETTING) or REDIS_KEY)
