"""karat data push, pull and sync: the lake in a bucket of S3, or in a folder elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import Parameter

from karat.app.console import error_json, one_line, progress, say, show, show_json
from karat.core.errors import EXIT_INPUT
from karat.core.home import karat_home
from karat.lake.remote.places import open_place
from karat.lake.remote.pull import pull
from karat.lake.remote.push import push
from karat.lake.remote.result import SENT, TAKEN, SeriesResult
from karat.lake.remote.sync import sync

Json = Annotated[bool, Parameter(name="--json", negative="")]
Replace = Annotated[bool, Parameter(negative="")]


def push_data(place: str, *, endpoint: str | None = None, replace: Replace = False, as_json: Json = False) -> int:
    """Send the lake to a bucket of S3 or a folder: Parquet, and only what is not there yet.

    Parameters
    ----------
    place
        s3://bucket/prefix, or a folder. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws.
    endpoint
        The server, where it is not AWS: http://host:port.
    replace
        Where the two hold other rows, this lake's win.
    as_json
        Print one JSON object.
    """
    objects = open_place(place, endpoint)
    lake = karat_home() / "lake"
    return _run("pushing", lambda tell: push(lake, objects, replacing=replace, tell=tell), as_json)


def pull_data(place: str, *, endpoint: str | None = None, replace: Replace = False, as_json: Json = False) -> int:
    """Take what was pushed to a bucket of S3 or a folder into the lake. It becomes visible at once.

    Parameters
    ----------
    place
        s3://bucket/prefix, or a folder. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws.
    endpoint
        The server, where it is not AWS: http://host:port.
    replace
        Where the two hold other rows, the place's win; series damaged on this disk are mended.
    as_json
        Print one JSON object.
    """
    objects = open_place(place, endpoint)
    home = karat_home()
    lake, incoming = home / "lake", home / "incoming"
    return _run("pulling", lambda tell: pull(lake, objects, incoming, replacing=replace, tell=tell), as_json)


def sync_data(place: str, *, endpoint: str | None = None, as_json: Json = False) -> int:
    """Pull, then push: afterwards both sides hold every series. What differs is refused by name.

    Parameters
    ----------
    place
        s3://bucket/prefix, or a folder. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws.
    endpoint
        The server, where it is not AWS: http://host:port.
    as_json
        Print one JSON object.
    """
    objects = open_place(place, endpoint)
    home = karat_home()
    return _run("syncing", lambda tell: sync(home / "lake", objects, home / "incoming", tell=tell), as_json)


_Work = Callable[[Callable[[str], None]], list[SeriesResult]]


def _run(doing: str, work: _Work, as_json: bool) -> int:
    with progress(doing) as status:
        results = work(lambda owner: status.update(f"{doing} {owner}") if status else None)
    if as_json:
        show_json(_results_json(results))
    else:
        _show_results(results)
    return EXIT_INPUT if any(one.error is not None for one in results) else 0


def _results_json(results: list[SeriesResult]) -> dict[str, Any]:
    counts = {status: sum(one.status == status for one in results) for status in ("sent", "taken", "unchanged", "kept")}
    refused = [one.error for one in results if one.error is not None]
    value: dict[str, Any] = {
        **counts,
        "refused": len(refused),
        "objects": sum(one.objects for one in results),
        "bytes": sum(one.bytes for one in results),
        "series": [_result_json(one) for one in results],
    }
    if refused:
        value["error"] = error_json(refused[0])
    return value


def _result_json(one: SeriesResult) -> dict[str, Any]:
    value: dict[str, Any] = {
        "kind": one.name.kind,
        "market": one.name.owner,
        "timeframe": one.name.variant,
        "status": one.status,
        "rows": one.rows,
        "hash": one.hash,
        "objects": one.objects,
        "bytes": one.bytes,
    }
    if one.error is not None:
        value["error"] = error_json(one.error)
    return value


def _show_results(results: list[SeriesResult]) -> None:
    from rich.table import Table

    moved = [one for one in results if one.status in (SENT, TAKEN)]
    if moved:
        table = Table("status", "series", "market", "timeframe", "rows", "objects", "MB")
        for one in moved:
            size = f"{one.bytes / 1e6:.2f}"
            name = one.name
            table.add_row(one.status, name.kind, name.owner, name.variant, str(one.rows), str(one.objects), size)
        show(table)
    still = sum(one.error is None for one in results) - len(moved)
    say(f"{len(moved)} series {'moved' if moved else 'had to move'}, {still} were up to date.")
    for one in results:
        if one.error is not None:
            say(one_line(one.error))
