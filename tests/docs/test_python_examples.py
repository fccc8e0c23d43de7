"""Every `python example` block of the pages runs, and prints the `text` block that follows it."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLE = re.compile(r"^```python example\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (f"{page.name}:{text.count(chr(10), 0, match.start()) + 1}", *match.groups())
    for page in sorted((ROOT / "docs").glob("*.md"))
    for text in [page.read_text(encoding="utf-8")]
    for match in _EXAMPLE.finditer(text)
]


@pytest.mark.parametrize(("place", "program", "output"), EXAMPLES, ids=[place for place, _, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(place: str, program: str, output: str) -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(program, place, "exec"), {})
    assert printed.getvalue() == output


def test_every_example_is_followed_by_what_it_prints() -> None:
    begun = sum(page.read_text("utf-8").count("```python example") for page in (ROOT / "docs").glob("*.md"))
    assert begun == len(EXAMPLES) >= 2
