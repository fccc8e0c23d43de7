"""The page: files built by scripts/build_web.sh, served without a token because they hold nothing secret."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from karat.api.errors import error_response

IMMUTABLE = "public, max-age=31536000, immutable"  # names under /assets carry a hash of their content


class Assets(StaticFiles):
    """Files that never change under their name."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # pyright: ignore[reportArgumentType]
        response.headers["Cache-Control"] = IMMUTABLE
        return response


def add_page(app: FastAPI, static_dir: Path) -> None:
    """Serve the built page from `static_dir`: assets by name, every other path by index.html, which routes itself."""
    app.mount("/assets", Assets(directory=static_dir / "assets", check_dir=False))

    @app.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if path.startswith("api/"):
            raise HTTPException(404)
        file = _file(static_dir, path)
        if file is None:
            hint = "Run scripts/build_web.sh, or install Karat from a wheel, which holds the page."
            return error_response(503, "page_not_built", "The page has not been built; the API works.", hint)
        return FileResponse(file, headers={"Cache-Control": "no-cache"})


def _file(static_dir: Path, path: str) -> Path | None:
    root = static_dir.resolve()
    wanted = (root / path).resolve()
    if path and wanted.is_relative_to(root) and wanted.is_file():
        return wanted
    if "." in path.rpartition("/")[2]:
        raise HTTPException(404)  # a missing file, not a place within the page
    index = root / "index.html"
    return index if index.is_file() else None
