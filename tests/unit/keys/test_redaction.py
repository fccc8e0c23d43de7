"""What was registered is found in every form in which text carries it, and nothing else is touched."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from karat.ports.redaction import Redactor, forms_of
from karat.ports.secrets import HIDDEN

KEY = "k/9+é=\"canary'5d4140"
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=40)


def redactor(*values: str) -> Redactor:
    made = Redactor()
    for value in values:
        made.register(value)
    return made


def test_every_usual_form_is_taken_out() -> None:
    clean = redactor(KEY).clean
    raw = KEY.encode()
    for text in (
        KEY, json.dumps(KEY)[1:-1], repr(KEY)[1:-1], quote(KEY, safe=""), urlencode({"a": KEY})[2:], raw.hex(),
        raw.hex().upper(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(),
    ):  # fmt: skip
        assert clean(f"before {text} after") == f"before {HIDDEN} after"


@given(VALUES, st.binary(max_size=7), st.binary(max_size=7))
def test_in_base64_it_is_found_wherever_it_begins(value: str, before: bytes, after: bytes) -> None:
    text = base64.b64encode(before + value.encode() + after).decode()
    assert HIDDEN in redactor(value).clean(text)


@given(VALUES, st.text(max_size=30), st.text(max_size=30))
def test_no_form_is_left_in_what_was_cleaned(value: str, before: str, after: str) -> None:
    cleaned = redactor(value).clean(f"{before}\0{value}\0{after}")
    assert f"\0{HIDDEN}\0" in cleaned or value in before + after


def test_of_two_where_one_is_part_of_the_other_nothing_is_left() -> None:
    assert redactor("canary-one", "canary-one-and-more").clean("canary-one-and-more canary-one") == f"{HIDDEN} {HIDDEN}"


def test_a_key_of_several_lines_is_found_in_each_of_them() -> None:
    lines = ["-----BEGIN KEY-----", "MIGHAgEAMBMGByqGSM49AgEG", "CCqGSM49AwEHBG0wawIBAQQg"]
    clean = redactor("\n".join(lines)).clean
    assert clean(lines[1]) == HIDDEN and clean(json.dumps("\n".join(lines))) == f'"{HIDDEN}"'


def test_nothing_is_registered_nothing_is_changed() -> None:
    assert redactor().clean(KEY) == KEY and redactor("", "abc").clean("abc") == "abc"
    assert all(len(form) >= 4 for form in forms_of("abcd"))
