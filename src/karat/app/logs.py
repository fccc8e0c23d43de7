"""Logs that stay: one JSON object a line in KARAT_HOME/logs, in files of bounded size and number.

1. Any room writes with the standard library: `LOG.info("...", extra={"bot": ..., "intent": ..., "order": ...})`.
2. Secrets are taken out where a record is made: message, arguments, exception and stack are text without them before
   any handler sees the record. What `extra` adds comes later and is cleaned by a filter on each handler here.
3. Two processes never write one file: each takes the first free one of its name.
4. A log that cannot be written (a full disk) stops nobody: the line is dropped and counted.
"""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from karat import __version__
from karat.app.console import say
from karat.app.key_ring import REDACTION
from karat.app.settings import log_bytes_max, log_files_max, log_level
from karat.core.home import karat_home
from karat.core.time import iso

IDS = ("bot", "intent", "order")  # what a line is found by
_MORE = ("kind", "code")
LINE_CHARACTERS_MAX = 32_768  # of a text in a line
SLOTS = 9  # processes of one name that write at once
_TALKATIVE = ("httpx2", "httpcore2", "httpx", "httpcore", "numba", "asyncio")  # their every request is not ours
LOG = logging.getLogger("karat.app")
Clean = Callable[[str], str]


def logs_folder() -> Path:
    """Where the logs of this Karat home are; it need not exist yet."""
    return karat_home() / "logs"


def clean_record(clean: Clean, *told: Any, **more: Any) -> logging.LogRecord:
    """A record without secrets: what `logging.setLogRecordFactory` takes, with `clean` before its own arguments."""
    record = logging.LogRecord(*told, **more)
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit are no reason to stop who wrote the line
        message = f"{record.msg!s} (its arguments do not fit)"
    record.msg, record.args = clean(message), None
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = clean("".join(traceback.format_exception(*record.exc_info)).rstrip())
    record.exc_info = None
    if record.stack_info:
        record.stack_info = clean(record.stack_info)
    return record


class ExtraFilter(logging.Filter):
    """Takes secrets out of what `extra` put into a record."""

    def __init__(self, clean: Clean) -> None:
        super().__init__()
        self._clean = clean
        self._usual = frozenset(vars(logging.makeLogRecord({})))

    def filter(self, record: logging.LogRecord) -> bool:
        for name in vars(record).keys() - self._usual - {"message", "asctime"}:
            value = getattr(record, name)
            setattr(record, name, value if value is None or isinstance(value, int | float) else self._clean(str(value)))
        return True


class JsonLines(logging.Formatter):
    """One JSON object: ts, level, room, event, and what is known of bot, intent, order and exception."""

    def format(self, record: logging.LogRecord) -> str:
        library = not record.name.startswith("karat.")
        line: dict[str, Any] = {
            "ts": iso(round(record.created * 1000)),
            "level": record.levelname.lower(),
            "room": record.name.split(".")[0 if library else 1],
            "event": record.getMessage()[:LINE_CHARACTERS_MAX],
        }
        line |= {name: told for name in (*IDS, *_MORE) if (told := getattr(record, name, None)) is not None}
        if record.exc_text:
            line["exception"] = record.exc_text[-LINE_CHARACTERS_MAX:]
        if record.stack_info:
            line["stack"] = record.stack_info[-LINE_CHARACTERS_MAX:]
        return json.dumps(line, ensure_ascii=False)


class LogFile(RotatingFileHandler):
    """A file of bounded size, readable by this user only. `lost` counts the lines that could not be written."""

    def __init__(self, path: Path, bytes_max: int, files_max: int) -> None:
        super().__init__(path, maxBytes=bytes_max, backupCount=files_max - 1, encoding="utf-8", delay=True)
        self.lost = 0
        self.setFormatter(JsonLines())

    def _open(self) -> TextIO:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(os.fdopen(handle, "ab", buffering=0), encoding="utf-8", write_through=True)

    def doRollover(self) -> None:  # noqa: N802 - the base class names it so
        if self.backupCount == 0 and self.stream is not None:  # the base class would let a single file grow
            self.stream.truncate(0)
            return
        super().doRollover()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class names it so
        self.lost += 1

    def close(self) -> None:
        try:
            super().close()
        except OSError:
            self.lost += 1


@contextmanager
def keeping_logs(name: str) -> Generator[LogFile]:
    """While it lasts, everything that is logged goes to the logs of `name`, and warnings to standard error as well.

    Raises InputError for settings that are none.
    """
    level, bytes_max, files_max = log_level(), log_bytes_max(), log_files_max()
    with ExitStack() as stack:
        file = LogFile(_free_file(name, stack), bytes_max, files_max)
        stack.callback(_tell_lost, file)
        stack.enter_context(logging_to(file, level, REDACTION.clean))
        LOG.info("%s begins: Karat %s, process %s", name, __version__, os.getpid())
        yield file
        LOG.info("%s ends", name)


@contextmanager
def logging_to(file: logging.Handler, level: str, clean: Clean) -> Generator[None]:
    """While it lasts, records are made without secrets and go to this handler; everything is as before after that."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)
    levels: Mapping[logging.Logger, int] = {one: one.level for one in (root, *map(logging.getLogger, _TALKATIVE))}
    extras = ExtraFilter(clean)
    for handler in (file, shown, *root.handlers):
        handler.addFilter(extras)
    logging.setLogRecordFactory(lambda *told, **more: clean_record(clean, *told, **more))
    for logger in levels:
        logger.setLevel(level if logger is root else logging.WARNING)
    root.addHandler(file)
    root.addHandler(shown)
    try:
        yield
    finally:
        root.removeHandler(file)
        root.removeHandler(shown)
        for handler in root.handlers:
            handler.removeFilter(extras)
        for logger, before in levels.items():
            logger.setLevel(before)
        logging.setLogRecordFactory(factory)
        file.close()


def _free_file(name: str, stack: ExitStack) -> Path:
    """The first file of this name that no other process writes; the last of them where a lock cannot be had."""
    folder = logs_folder()
    path = folder / f"{name}.log"
    for slot in range(1, SLOTS + 1):
        path = folder / (f"{name}.log" if slot == 1 else f"{name}-{slot}.log")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = stack.enter_context(path.with_suffix(".lock").open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError as error:
            say(f"The logs in {folder} cannot be written now: {error.strerror}. Going on without them.")
        return path
    return path


def _tell_lost(file: LogFile) -> None:
    if file.lost:
        say(f"{file.lost} lines could not be written to {file.baseFilename}.")
