"""The JSON of jobs: one model per view of `karat.ports.jobs`, with the same field names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from karat.api.models import Figure, View, Whole
from karat.ports.jobs import JobState


class JobProgressModel(View):
    """How far a job is, as its worker told last."""

    done: int
    of: Whole
    unit: str
    stage: str
    rate: Figure
    left_seconds: Figure
    written_ts: int | None


class JobErrorModel(View):
    """Why a job failed."""

    code: str
    message: str
    hint: str


class JobModel(View):
    """One job."""

    id: str
    kind: str
    arguments: tuple[str, ...]
    state: JobState
    attempt: int
    detached: bool
    created_ts: int
    started_ts: int | None
    ended_ts: int | None
    progress: JobProgressModel
    exit_code: int | None
    error: JobErrorModel | None
    result: str | None


class JobDetailModel(View):
    """One job opened: the last lines that it printed."""

    job: JobModel
    output: tuple[str, ...]


class JobRequest(BaseModel):
    """A job to start: a kind and the arguments of its command, word by word."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40)
    arguments: tuple[str, ...] = Field(max_length=500)
