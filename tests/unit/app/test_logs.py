"""Logs stay, stay small, hold no secret, and stop nobody."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from karat.app.log_commands import readable
from karat.app.log_reading import Tail, lines_of, wanted
from karat.app.logs import LogFile, keeping_logs, logging_to, logs_folder
from karat.app.settings import LOG_LEVELS
from karat.core.errors import InputError
from karat.ports.redaction import Redactor
from karat.ports.secrets import HIDDEN

CANARY = "canary-5d41402abc4b"
LOG = logging.getLogger("karat.oms.tests")


class Handed(logging.Handler):
    """Keeps every record as a handler sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def clean() -> Iterator[Redactor]:
    made = Redactor()
    made.register(CANARY)
    yield made


def fail() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        raise RuntimeError(f"because of {CANARY}") from error


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_says_when_how_grave_where_what_and_about_what(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    with logging_to(LogFile(path, 10_000, 2), "INFO", str):
        LOG.info("sent %d", 3, extra={"bot": "ada", "intent": "ada-7-e", "order": "K7"})
        LOG.debug("not of this level")
        logging.getLogger("httpx2").info("a library's every request")
    (line,) = lines(path)
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info", "room": "oms", "event": "sent 3", "bot": "ada", "intent": "ada-7-e", "order": "K7",
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_handler_sees_a_secret(tmp_path: Path, clean: Redactor, capsys: pytest.CaptureFixture[str]) -> None:
    path, handed = tmp_path / "serve.log", Handed()
    logging.getLogger().addHandler(handed)
    try:
        with logging_to(LogFile(path, 10_000, 2), "INFO", clean.clean):
            LOG.error("message %s", CANARY)
            LOG.error(CANARY, extra={"bot": CANARY, "else": {"key": CANARY}})
            LOG.error("arguments that do not fit %d %d", CANARY)
            try:
                fail()
            except RuntimeError:
                LOG.exception("failed", stack_info=True)
    finally:
        logging.getLogger().removeHandler(handed)
    shown = capsys.readouterr().err + path.read_text("utf-8") + "".join(repr(vars(one)) for one in handed.records)
    assert len(handed.records) == 4 and "canary" not in shown and shown.count(HIDDEN) > 8
    assert "RuntimeError: because of [secret]" in lines(path)[-1]["exception"]


def test_without_the_redaction_the_same_lines_do_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    with logging_to(LogFile(path, 10_000, 2), "INFO", str):
        LOG.error("message %s", CANARY)
    assert CANARY in path.read_text("utf-8")


@pytest.mark.parametrize("files", [1, 3])
def test_files_are_bounded_in_size_and_number(tmp_path: Path, files: int) -> None:
    with logging_to(LogFile(tmp_path / "serve.log", 4_000, files), "INFO", str):
        for number in range(400):
            LOG.info("line %d", number)
    found = sorted(tmp_path.iterdir())
    assert len(found) == files and all(path.stat().st_size <= 4_000 for path in found)
    assert list(lines_of(tmp_path))[-1]["event"] == "line 399"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not run: this system has no device that is always full")
def test_a_full_disk_stops_nobody_and_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    file = LogFile(Path("/dev/full"), 4_000, 2)
    with logging_to(file, "INFO", str):
        for _ in range(5):
            LOG.info("nothing of this is kept")
    assert file.lost == 5 and capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_made_stops_nobody_and_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    logs_folder().write_text("a file in the place of the folder")
    with keeping_logs("serve") as file:
        LOG.info("lost")
    told = capsys.readouterr().err
    assert file.lost == 3 and "Going on without them" in told and "3 lines could not be written" in told


def test_what_was_before_is_there_again(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogRecordFactory(), logging.getLogger("httpx2").level)
    with logging_to(LogFile(tmp_path / "serve.log", 4_000, 2), "INFO", str):
        assert root.level == logging.INFO
    assert before == (root.level, list(root.handlers), logging.getLogRecordFactory(), logging.getLogger("httpx2").level)


def test_two_processes_of_one_name_have_a_file_each() -> None:
    with keeping_logs("bots") as one, keeping_logs("bots") as other:
        assert [Path(file.baseFilename).name for file in (one, other)] == ["bots.log", "bots-2.log"]
    with keeping_logs("bots") as again:
        assert Path(again.baseFilename).name == "bots.log"


@pytest.mark.parametrize(
    ("name", "value"), [("KARAT_LOG_LEVEL", "loud"), ("KARAT_LOG_FILES", "0"), ("KARAT_LOG_MEGABYTES", "1e3")]
)
def test_settings_that_are_none_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name}={value}"), keeping_logs("serve"):
        pass


def test_lines_are_read_in_the_order_of_time_and_by_what_they_are_about(tmp_path: Path) -> None:
    def line(second: int, **more: str) -> str:
        told = {"ts": f"2026-01-01T00:00:{second:02}.000Z", "level": "info", "room": "oms", "event": str(second)}
        return json.dumps(told | more) + "\n"

    (tmp_path / "serve.log").write_text(line(3, bot="ada", order="K3") + line(5, level="error"))
    (tmp_path / "serve.log.1").write_text(line(1, bot="ada", intent="K3"))
    (tmp_path / "bots.log").write_text(line(2, bot="bea") + "[]\n" + '{"ts": "cut off')
    told = list(lines_of(tmp_path))
    assert [one["event"] for one in told] == ["1", "2", "3", "5"]

    def chosen(bot: str | None = None, order: str | None = None, level: str | None = None) -> list[str]:
        return [one["event"] for one in filter(wanted(bot, order, level, LOG_LEVELS), told)]

    assert chosen(bot="ada") == chosen(order="K3") == ["1", "3"]
    assert chosen(level="warning") == ["5"] and chosen(bot="bea", order="K3") == []
    assert readable(told[2]) == "2026-01-01 00:00:03.000 info    oms      3  bot=ada order=K3"


def test_what_is_added_is_followed_over_a_rotation(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "serve.log", 100_000, 3)
    with logging_to(file, "INFO", str):
        LOG.info("before")
        tail = Tail(tmp_path)
        assert tail.more() == []
        LOG.info("added")
        file.doRollover()
        LOG.info("in the next file")
        assert [line["event"] for line in tail.more()] == ["added", "in the next file"]
        with (tmp_path / "serve.log").open("a") as half:
            half.write('{"ts": "half a line')
        assert tail.more() == []


def test_a_crash_is_shown_without_secrets(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from karat.app import key_ring

    made = Redactor()
    made.register(CANARY)
    monkeypatch.setattr(key_ring, "REDACTION", made)
    try:
        fail()
    except RuntimeError as error:
        key_ring.show_crash(type(error), error, error.__traceback__)
    told = capsys.readouterr().err
    assert "RuntimeError: because of [secret]" in told and CANARY not in told
