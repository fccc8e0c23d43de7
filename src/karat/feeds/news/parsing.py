"""An RSS 2.0 document to headlines."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

from karat.core.time import SECOND_MS
from karat.feeds.endpoint import Asked

_TITLE_CHARACTERS_MAX = 500


def headlines(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """Title, link and time of each item. Documents with a DTD are refused: headlines need none, attacks do."""
    if "<!DOCTYPE" in payload or "<!ENTITY" in payload:
        raise ValueError("the document declares entities")
    try:
        channel = ElementTree.fromstring(payload.strip().encode()).find("channel")
    except ElementTree.ParseError as error:
        raise ValueError(f"no XML: {error}") from error
    if channel is None:
        raise ValueError("no channel")
    rows: dict[str, list[Any]] = {"ts": [], "title": [], "link": []}
    for item in channel.iter("item"):
        told = item.findtext("pubDate")
        rows["ts"].append(_stamp(told) if told else asked.now_ms)
        rows["title"].append(" ".join((item.findtext("title") or "").split())[:_TITLE_CHARACTERS_MAX])
        rows["link"].append((item.findtext("link") or "").strip())
    return rows


def _stamp(text: str) -> int:
    """UTC ms of a date as mail has it; one without a zone is UTC."""
    when = parsedate_to_datetime(text)
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()) * SECOND_MS
