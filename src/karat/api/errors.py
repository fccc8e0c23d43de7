"""Errors as the API tells them: `{"error": {"code", "message", "hint"}}` with a status that fits."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from karat.core.errors import InputError, KaratError, NeedsOperator, RetryLater

LOG = logging.getLogger("karat.api")


class ErrorDetail(BaseModel):
    """What is wrong and what to do."""

    code: str
    message: str
    hint: str


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class UnauthorizedError(Exception):
    """The request carries no token, or another one."""


def error_response(status: int, code: str, message: str, hint: str = "") -> JSONResponse:
    """An error in the one shape that clients read."""
    body = ErrorBody(error=ErrorDetail(code=code, message=message, hint=hint))
    return JSONResponse(body.model_dump(), status_code=status)


def status_of(error: KaratError) -> int:
    """The HTTP status that tells a client what to do about `error`."""
    if isinstance(error, InputError):
        return 404 if error.code.startswith("unknown_") else 400
    if isinstance(error, RetryLater):
        return 503
    if isinstance(error, NeedsOperator):
        return 409
    return 500


def install_error_handlers(app: FastAPI) -> None:
    """Make every failure of `app` answer in the shape of `ErrorBody`."""

    @app.exception_handler(KaratError)
    async def karat_error(request: Request, error: KaratError) -> JSONResponse:
        return error_response(status_of(error), error.code, error.message, error.hint)

    @app.exception_handler(UnauthorizedError)
    async def unauthorized(request: Request, error: UnauthorizedError) -> JSONResponse:
        hint = "Open the address that `karat serve` printed, or send its token as `Authorization: Bearer TOKEN`."
        response = error_response(401, "unauthorized", "The token is missing or wrong.", hint)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])
        return error_response(422, "bad_request", f"{name}: {first['msg']}.", "Correct the parameter and ask again.")

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return error_response(404, "not_found", f"Nothing is at {request.url.path}.", "The API is at /api/v1/.")
        return error_response(error.status_code, "refused", str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        # The cause may hold paths or figures of the operator: it goes to the log, not over the wire.
        LOG.error("request %s failed", request.scope.get("karat.request_id", ""), exc_info=error)
        return error_response(500, "internal", "The request failed inside Karat.", "The server's log has the cause.")
