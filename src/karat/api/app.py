"""The API as an application: guard, token, routes, page."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from karat import __version__
from karat.api.errors import install_error_handlers
from karat.api.guard import Guard, bearer
from karat.api.page import add_page
from karat.api.routes import build_router
from karat.ports.cockpit import Cockpit
from karat.ports.data_desk import DataDesk
from karat.ports.jobs import JobDesk

STATIC_DIR = Path(__file__).parent / "static"  # where scripts/build_web.sh puts the page


def create_app(
    cockpit: Cockpit, token: str, static_dir: Path = STATIC_DIR, desk: DataDesk | None = None,
    jobs: JobDesk | None = None,
) -> FastAPI:  # fmt: skip
    """The application over `cockpit`, for the freshness of data `desk`, and `jobs`. Everything but the page
    and /healthz wants `token`.

    `app.state.closing` is an asyncio.Event: once set, open streams end.
    """
    app = FastAPI(title="Karat", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.closing = asyncio.Event()
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Guard)
    install_error_handlers(app)

    @app.get("/healthz", include_in_schema=False)
    def alive() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    app.include_router(build_router(cockpit, app.state.closing, desk, jobs), dependencies=[Depends(bearer(token))])
    add_page(app, static_dir)
    return app
