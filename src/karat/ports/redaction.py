"""Text without secrets: what was registered is taken out in every form in which it is commonly written.

1. The forms of a value: as it is, each long line of it, escaped as JSON, Python, HTML and addresses escape, in
   hexadecimal, and in base64 at each of the three places where it can begin within other bytes.
2. All forms are one pattern, longest first, so that a whole form goes before a part of it.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from karat.ports.secrets import HIDDEN

CHARACTERS_MIN = 4  # of what is taken out: with less, words of every other text would go with it
_LINE_CHARACTERS_MIN = 16
_ENCODED_CHARACTERS_MIN = 8


def forms_of(value: str) -> frozenset[str]:
    """Every form of a value that is looked for."""
    whole = {value, value.strip(), *(line for line in value.splitlines() if len(line) >= _LINE_CHARACTERS_MIN)}
    written = {form for one in whole for form in _escaped(one)}
    encoded = {form for one in whole for form in _encoded(one.encode()) if len(form) >= _ENCODED_CHARACTERS_MIN}
    return frozenset(form for form in written if len(form) >= CHARACTERS_MIN) | encoded


def _escaped(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    for address in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield address
        yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), address)


def _encoded(raw: bytes) -> Iterator[str]:
    yield raw.hex()
    yield raw.hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        for before in range(3):
            text = encode(bytes(before) + raw).decode()
            open_end = (0, 3, 2)[(before + len(raw)) % 3]  # padding, and the character that depends on what follows
            yield text[(0, 2, 3)[before] : len(text) - open_end]


class Redactor:
    """What must not be shown, and text without it. Safe from any thread."""

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._values: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def register(self, value: str) -> None:
        """From now on this value is taken out. What is shorter than `CHARACTERS_MIN` cannot be."""
        if value in self._values:
            return
        with self._lock:
            self._values |= {value}
            self._forms |= forms_of(value)
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """The text with `[secret]` in the place of every form of every registered value."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(HIDDEN, text)
