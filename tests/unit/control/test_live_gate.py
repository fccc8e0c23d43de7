"""The gate before real money: shut unless a person has just said so, signed, for exactly this proven bot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.control.dossiers import dossier, fill_lake
from tests.unit.control.test_verdict import bot_of

from karat.app.key_ring import open_secrets
from karat.app.main import main
from karat.control.live_gate import Bound, confirm, refuse_simulated, refuse_unconfirmed, refuse_unproven
from karat.control.verdict import Judge
from karat.core.errors import InputError, KaratError, NeedsOperator
from karat.core.time import HOUR_MS
from karat.journal import open_journal
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord
from karat.risk.limits import default_limits, with_limit

NOW = 1_700_000_000_000


@pytest.fixture
def record(home: Path) -> Iterator[BotRecord]:
    fill_lake(home)
    yield replace(bot_of(dossier(home)), mode=Mode.LIVE)


def bound(record: BotRecord) -> Bound:
    return Bound.of(record, default_limits().hash)


def refusal(home: Path, wanted: Bound, now_ms: int = NOW) -> str:
    """The code of what the gate says; "" where it is open."""
    try:
        refuse_unconfirmed(home, wanted, now_ms, open_secrets())
    except KaratError as error:
        return error.code
    return ""


def test_it_is_open_for_a_day_and_not_a_moment_longer(record: BotRecord, home: Path) -> None:
    wanted = bound(record)
    assert refusal(home, wanted) == "live_not_confirmed"
    with pytest.raises(InputError, match="not the name"):
        confirm(home, wanted, "ada", "another", NOW, open_secrets())
    assert refusal(home, wanted) == "live_not_confirmed"
    path = confirm(home, wanted, "ada", record.id, NOW, open_secrets())
    assert path.stat().st_mode & 0o077 == 0
    assert refusal(home, wanted) == refusal(home, wanted, NOW + 24 * HOUR_MS - 1) == ""
    assert refusal(home, wanted, NOW + 24 * HOUR_MS) == "live_confirmation_stale"
    assert refusal(home, wanted, NOW - 1) == "live_confirmation_stale"  # from the future: a clock was turned


def test_it_holds_for_nothing_else(record: BotRecord, home: Path) -> None:
    confirm(home, bound(record), "ada", record.id, NOW, open_secrets())
    looser, _ = with_limit(
        default_limits(), "limits.gross_exposure", default_limits().value("limits.gross_exposure") * 1.5
    )
    others = (
        bound(replace(record, code_hash="0" * 64)),
        bound(replace(record, mode=Mode.SHADOW)),
        bound(replace(record, dossier=None)),
        Bound.of(record, looser.hash),
    )
    assert [refusal(home, other) for other in others] == ["live_changed"] * 4


def test_who_edits_it_shuts_it(record: BotRecord, home: Path) -> None:
    path = confirm(home, bound(record), "ada", record.id, NOW, open_secrets())
    kept = json.loads(path.read_text())
    kept["told"]["confirmed_ms"] += HOUR_MS
    path.write_text(json.dumps(kept))
    assert refusal(home, bound(record), NOW + HOUR_MS) == "live_confirmation_damaged"
    path.write_text("{}")
    assert refusal(home, bound(record)) == "live_confirmation_damaged"
    confirm(home, bound(record), "ada", record.id, NOW, open_secrets())
    path.chmod(0o644)
    with pytest.raises(NeedsOperator) as found:
        refuse_unconfirmed(home, bound(record), NOW, open_secrets())
    assert found.value.code == "loose_permissions"


def test_a_signature_outlives_the_keys_of_secrets_that_are_made_later(
    record: BotRecord, home: Path, tmp_path: Path
) -> None:
    confirm(home, bound(record), "ada", record.id, NOW, open_secrets())
    (tmp_path / "value").write_text("a-secret-of-mine")
    assert main(("secrets", "set", "NAME", "--from-file", str(tmp_path / "value"))) == 0
    assert refusal(home, bound(record)) == ""
    assert main(("secrets", "rekey")) == 0
    assert refusal(home, bound(record)) == ""


def test_only_proven_bots_and_not_those_of_simulated_markets(record: BotRecord) -> None:
    refuse_unproven(record, Judge())
    with pytest.raises(InputError, match="not proven"):
        refuse_unproven(replace(record, dossier=None), Judge())
    with pytest.raises(InputError, match="simulated market"):
        refuse_simulated(record)


def test_a_live_bot_is_refused_by_name_and_nothing_runs_in_its_place(
    record: BotRecord, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_journal = open_journal(home)
    with_journal.create_bot(record)
    for words in (("bots", "run", record.id, "--live"), ("live", "confirm", record.id)):
        assert main(words) == 2
        assert "simulated market" in capsys.readouterr().err
    assert main(("bots", "run", record.id)) == 2  # nor does it replay
    assert main(("bots", "run", "--live")) == 2
    assert "started by name alone" in capsys.readouterr().err
    assert main(("doctor",)) == 1
    assert with_journal.status(record.id).bars == 0
    with_journal.close()


@pytest.mark.parametrize(
    ("mode", "why"), [("live", "comes from a dossier that says gold"), ("reckless", "'reckless' is no mode")]
)
def test_a_bot_without_a_dossier_is_never_created_live(
    mode: str, why: str, record: BotRecord, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("bots", "create", "eva", "--strategy", "ema_crossover", "--market", record.market, "--timeframe", "1h")
    capsys.readouterr()
    assert main((*words, "--mode", mode)) == 2
    assert why in capsys.readouterr().err
    with closing(open_journal(home)) as journal:
        assert "eva" not in [one.id for one in journal.bots()]


def test_behind_an_open_gate_there_is_no_venue(record: BotRecord, home: Path) -> None:
    from karat.control.live_gate import no_live_venue

    error = no_live_venue("binance_perp")
    assert error.code == "no_live_venue" and "binance_perp" in error.message
