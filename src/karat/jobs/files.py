"""The files of jobs: KARAT_HOME/jobs/<id>/, readable by this user only.

1. `spec.json` says what the job is: kind, arguments, when it was asked for. It never changes.
2. `state.json` says where it is; it is replaced whole, under the lock of the room, by whoever changes that.
3. `progress.json` is replaced by the worker alone, without the lock, a few times a second. It is not forced to the
   disk: after a crash of the machine the work itself says how far it is.
4. `output.log` is what its processes printed.
5. A job appears by one rename, spec and state together.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.home import karat_home
from karat.jobs.processes import Process
from karat.lake.durable import force, replace_durably
from karat.lake.refusals import DISK_FULL
from karat.ports.jobs import JobError, JobState

ID_DIGITS = 12
_OUTPUT_BYTES = 16_384
_LINES = 100


@dataclass(frozen=True, slots=True)
class Spec:
    """What a job is."""

    id: str
    kind: str
    arguments: tuple[str, ...]
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a job is, as it was written last. `worker` is the process that works on it or was the last to."""

    state: JobState
    attempt: int
    queued_ms: int
    detached: bool = False
    started_ms: int | None = None
    ended_ms: int | None = None
    worker: Process | None = None
    cancel_asked: bool = False
    exit_code: int | None = None
    error: JobError | None = None
    result: str | None = None


class JobFolder:
    """The folder of one job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def output(self) -> Path:
        """Where its processes print to."""
        return self.folder / "output.log"

    def spec(self) -> Spec:
        told = self._read("spec.json")
        return Spec(self.id, told["kind"], tuple(told["arguments"]), told["created_ms"])

    def standing(self) -> Standing:
        told = self._read("state.json")
        worker, error = told["worker"], told["error"]
        return Standing(
            **{
                **told,
                "state": JobState(told["state"]),
                "worker": None if worker is None else Process(**worker),
                "error": None if error is None else JobError(**error),
            }
        )

    def write_standing(self, standing: Standing) -> None:
        """Replace where it is; to be called with the lock of the room held. Raises RetryLater `disk_full`."""
        with room_on_disk(self.folder):
            replace_durably(self.folder / "state.json", _json(asdict(standing)))

    def progress(self) -> dict[str, Any]:
        """What the worker told last; empty where it has told nothing, or nothing that can be read."""
        try:
            return json.loads((self.folder / "progress.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}

    def write_progress(self, told: Mapping[str, Any]) -> None:
        """Replace what is told. Raises OSError."""
        beside = self.folder / "progress.part"
        beside.write_bytes(_json(told))
        beside.replace(self.folder / "progress.json")

    def forget_progress(self) -> None:
        """Nothing is told of a new attempt before it tells something."""
        (self.folder / "progress.json").unlink(missing_ok=True)

    def last_lines(self) -> tuple[str, ...]:
        """The end of what its processes printed."""
        try:
            with self.output.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _OUTPUT_BYTES))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ()
        return tuple(text.splitlines()[-_LINES:])

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.folder / name).read_bytes())
        except FileNotFoundError:
            raise unknown_job(self.id) from None
        except ValueError as error:
            hint = f"Remove {self.folder}: what the job made lies elsewhere and is not lost."
            raise NeedsOperator("job_damaged", f"Job {self.id}: {name} cannot be read.", hint) from error


def jobs_folder(home: Path | None = None) -> Path:
    """Where jobs are kept."""
    return (home or karat_home()) / "jobs"


def unknown_job(job: str) -> InputError:
    return InputError("unknown_job", f"There is no job '{job}'.", "See karat jobs.")


@contextmanager
def only_one(root: Path) -> Generator[None]:
    """Hold the lock of the room: nobody else changes where a job is. The system drops it when a process dies."""
    with room_on_disk(root):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (root / "room.lock").open("a")
    with lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        yield


def made(root: Path, kind: str, arguments: tuple[str, ...], standing: Standing) -> JobFolder:
    """A new job, all of it or nothing. Raises RetryLater `disk_full`."""
    name = secrets.token_hex(ID_DIGITS // 2)
    beside = root / f".{name}"
    try:
        with room_on_disk(root):
            beside.mkdir(mode=0o700)
            spec = {"kind": kind, "arguments": list(arguments), "created_ms": standing.queued_ms}
            files = {"spec.json": spec, "state.json": asdict(standing)}
            for file, told in files.items():
                (beside / file).write_bytes(_json(told))
            force([*(beside / file for file in files), beside])
            beside.rename(root / name)
            force([root])
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return JobFolder(root / name)


@contextmanager
def room_on_disk(folder: Path) -> Generator[None]:
    """Translates a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        hint = "Free some space and ask again; nothing was started."
        raise RetryLater("disk_full", f"No space left for {folder}.", hint) from error


def removed(folder: JobFolder) -> None:
    """Forget a job; what it made stays."""
    gone = folder.folder.with_name(f".{folder.id}")
    with contextlib.suppress(FileNotFoundError):
        folder.folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, indent=1, allow_nan=False).encode()
