"""A secret shows nothing, whatever is done with it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from karat.ports.secrets import Secret

VALUE = "canary-5d41402abc4b"


@dataclasses.dataclass
class Account:
    name: str
    key: Secret


def test_only_reveal_gives_it_and_whoever_writes_logs_hears_it_first() -> None:
    heard: list[str] = []
    secret = Secret(VALUE, heard.append)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>12}", f"{secret:>12}", f"{[secret]}"]
    account = Account("main", secret)
    shown += [repr(account), repr(dataclasses.asdict(account)), repr(copy.deepcopy(account)), str(dir(secret))]
    assert not any("canary" in text for text in shown) and heard == []
    assert secret.reveal() == VALUE and heard == [VALUE]


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, vars])
def test_it_is_never_written_down(write: object) -> None:
    with pytest.raises(TypeError) as refused:
        write(Secret(VALUE, lambda _: None))  # type: ignore[operator]
    assert "canary" not in str(refused.value)
