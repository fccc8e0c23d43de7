"""One HTML document: style, data and script in one file that asks nothing of any network.

The document's own content security policy names the hashes of its style and script and forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from karat.research.report.html import Content, Markup, tag
from karat.research.report.packing import script_safe

_STYLES = ("tokens.css", "report.css")
_LIGHT = '[data-theme="light"] {'
_HERE = "karat.research.report"


def document(
    heading: str, payload: dict[str, Any], top: Markup, sections: Sequence[Markup | None], footer: Content, *,
    scripts: Sequence[str], styles: Sequence[str] = (), packages: Sequence[str] = (),
) -> str:  # fmt: skip
    """A page with the look of every report. `scripts` and further `styles` are assets of the first of `packages` that
    has them, or of this one; scripts find `payload` in the element `data`."""
    style, script = _style(styles, packages), _script(scripts, packages)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("link", rel="icon", href="data:,"),
        tag("title", heading),
        tag("style", style),
    )
    body = tag(
        "body",
        top,
        tag("main", *sections),
        tag("footer", footer),
        tag("script", Markup(script_safe(payload)), type="application/json", id="data"),
        tag("script", script),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _style(styles: Sequence[str], packages: Sequence[str]) -> Markup:
    """Tokens and rules, the light tokens once more for readers whose system is light and for print."""
    text = "\n".join(_asset(name, packages) for name in (*_STYLES, *styles))
    start = text.index(_LIGHT) + len(_LIGHT)
    light = text[start : text.index("}", start)]
    system = f"@media (prefers-color-scheme: light) {{ :root:not([data-theme]) {{{light}}} }}"
    return Markup(f"\n{text}\n{system}\n@media print {{ :root, [data-theme] {{{light}}} }}\n")


def _script(scripts: Sequence[str], packages: Sequence[str]) -> Markup:
    parts = "\n".join(_asset(name, packages) for name in scripts)
    return Markup(f'\n(() => {{\n"use strict";\n{parts}\n}})();\n')


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _asset(name: str, packages: Sequence[str]) -> str:
    assert PurePosixPath(name).name == name, "assets lie in one folder"
    places = [resources.files(package).joinpath("assets", name) for package in (*packages, _HERE)]
    return next(one for one in places if one.is_file()).read_text(encoding="utf-8")
