"""The routes of jobs: each hands one command to the desk of jobs and returns its view."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from karat.api.errors import ErrorBody
from karat.api.job_models import JobDetailModel, JobModel, JobRequest
from karat.core.errors import InputError
from karat.ports.jobs import JobDesk, JobDetail, JobView

JobPath = Annotated[str, Path(max_length=40)]


def add_jobs(router: APIRouter, desk: JobDesk | None) -> None:
    """GET and POST /jobs, GET /jobs/{job}, POST /jobs/{job}/cancel and /resume."""
    hung: dict[int | str, dict[str, object]] = {409: {"model": ErrorBody}}

    def asked() -> JobDesk:
        if desk is None:
            raise InputError("no_jobs", "This server keeps no jobs.", "Start it with karat serve.")
        return desk

    @router.get("/jobs", response_model=tuple[JobModel, ...])
    def jobs() -> tuple[JobView, ...]:
        return asked().jobs()

    @router.get("/jobs/{job}", response_model=JobDetailModel)
    def job(job: JobPath) -> JobDetail:
        return asked().job(job)

    @router.post("/jobs", response_model=JobModel, status_code=201)
    def start(wanted: JobRequest) -> JobView:
        return asked().start(wanted.kind, wanted.arguments)

    @router.post("/jobs/{job}/cancel", response_model=JobModel, responses=hung)
    def cancel(job: JobPath) -> JobView:
        return asked().cancel(job)

    @router.post("/jobs/{job}/resume", response_model=JobModel)
    def resume(job: JobPath) -> JobView:
        return asked().resume(job)
