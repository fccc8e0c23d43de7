"""Strategies through all stages, on markets whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.prove.grounds import SMALL, STEP, InMemory, book, drifting

from karat.core.ids import MarketId
from karat.research.backtest import MarketData
from karat.research.gates.thresholds import default_thresholds
from karat.research.ledger.account import accounts
from karat.research.prove.proof import funnel
from karat.research.prove.proving import Keep, Request, nothing_kept, prove
from karat.research.prove.settings import ProofSettings
from karat.research.prove.spec import request_of, settings_of, spec_of
from karat.research.prove.store import ProofFolder
from karat.strategies import find_strategy

EMA = find_strategy("ema_crossover")
SETTINGS = ProofSettings(effort=SMALL)


def proved(
    ground: Any, home: Path, *, keep: Keep = nothing_kept, markets: Sequence[MarketId] = ()
) -> list[dict[str, Any]]:
    request = Request(tuple(markets or ground.markets), (STEP,))
    return prove(EMA, request, ground, book(home), SETTINGS, progress=lambda _: None, keep=keep)


def stages(proof: dict[str, Any]) -> list[str]:
    return [one["stage"] for one in proof["stages"]]


class WatchedGround(InMemory):
    """Remembers which markets were read whole."""

    opened: list[MarketId]

    def whole(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        self.opened.append(market)
        return super().whole(market, timeframe_ms, needs)


def watched(ground: InMemory) -> WatchedGround:
    found = WatchedGround(ground.markets)
    object.__setattr__(found, "opened", [])
    return found


def test_a_strong_edge_goes_through_all_stages_and_opens_each_vault_once(tmp_path: Path) -> None:
    ground = watched(drifting(2, 0.2))
    found = proved(ground, tmp_path)
    assert [one["verdict"] for one in found] == ["watch", "gold"]
    assert stages(found[0]) == [
        "tournament", "sweep", "refinement", "own_parameters", "regimes", "examination", "vault",
    ]  # fmt: skip
    assert ground.opened == list(ground.markets)
    luck = found[0]["stages"][5]["numbers"]["luck"]
    account = next(one for one in accounts(book(tmp_path).ledger.lines()) if one.market == found[0]["market"])
    swept = found[0]["stages"][1]["numbers"]["variants"]
    assert luck["trials"] >= 1 + swept  # the default and the sweep, and what was refined
    assert account.trials > luck["trials"]  # and then the walk forward
    assert account.looks == 1
    gates = {one["gate"]: one["outcome"] for one in found[0]["gates"]["gates"]}
    assert "not_reached" not in gates.values()


def test_a_second_proof_with_other_parameters_cannot_open_the_vault_again(tmp_path: Path) -> None:
    ground = watched(drifting(2, 0.2))
    first = proved(ground, tmp_path)
    again = proved(ground, tmp_path)  # the same parameters are the same look
    assert [one["verdict"] for one in again] == [one["verdict"] for one in first]
    lines = [one.record for one in book(tmp_path).ledger.lines() if one.record["kind"] == "look"]
    assert len(lines) == 2
    effort = replace(SMALL, axis_values=5, sweep_variants=40)
    request = Request(tuple(ground.markets), (STEP,))
    other = prove(
        EMA, request, ground, book(tmp_path), ProofSettings(effort=effort, seed=1), progress=lambda _: None
    )  # fmt: skip
    changed = [new for new, old in zip(other, first, strict=True) if new["settings"] != old["settings"]]
    assert changed, "another search finds another plateau"
    for one in changed:
        assert one["verdict"] == "no_evidence"
        assert "it opens once" in one["reason"]


def test_what_has_no_edge_is_buried_and_never_sees_the_vault(tmp_path: Path) -> None:
    ground = watched(drifting(4, 0.0, seed=3))
    found = proved(ground, tmp_path)
    assert {one["verdict"] for one in found} == {"buried"}
    assert ground.opened == []
    rows = {row.stage.value: row for row in funnel(found)}
    assert rows["tournament"].entered == 4
    assert sum(row.buried for row in rows.values()) == 4
    assert all(one["reason"] and one["stage"] for one in found)


def test_too_short_a_record_tells_nothing(tmp_path: Path) -> None:
    whole = drifting(2, 0.2)
    short = {
        name: replace(
            data,
            market=data.market[: 24 * 300],
            entry=replace(data.entry, vault_start_ts=int(data.candles.ts[24 * 240])),
        )
        for name, data in whole.markets.items()
    }
    found = proved(InMemory(short), tmp_path)
    assert {one["verdict"] for one in found} == {"no_evidence"}
    assert found[0]["decided_by"] == "days"


def test_one_market_alone_cannot_be_gold(tmp_path: Path) -> None:
    ground = drifting(1, 0.2)
    (found,) = proved(ground, tmp_path)
    share = next(one for one in found["gates"]["gates"] if one["gate"] == "largest_symbol_share")
    assert share["outcome"] == "undefined"
    assert found["verdict"] == "watch"


def test_a_walk_forward_rolls_or_is_anchored_to_the_first_bar(tmp_path: Path) -> None:
    ground = drifting(1, 0.2)
    request = Request(tuple(ground.markets), (STEP,))
    begins = {}
    for anchored in (False, True):
        settings = replace(SETTINGS, anchored=anchored)
        (found,) = prove(EMA, request, ground, book(tmp_path / str(anchored)), settings, progress=lambda _: None)
        windows = found["stages"][5]["numbers"]["walk_forward"]["windows"]
        assert len(windows) == SMALL.walk_windows
        assert all(one["test"][0] > one["train"][1] for one in windows), "purge and embargo lie between"
        begins[anchored] = [one["train"][0] for one in windows]
    assert set(begins[True]) == {0}
    assert begins[False] == sorted(set(begins[False])) and begins[False][-1] > 0


def test_a_killed_proof_goes_on_where_it_was(tmp_path: Path) -> None:
    ground = drifting(2, 0.2)
    spec = spec_of([EMA], Request(tuple(ground.markets), (STEP,)), ground, SETTINGS)
    folder = ProofFolder.of(spec, tmp_path)

    def dies_at_the_second(strategy: str, market: MarketId, make: Any) -> dict[str, Any]:
        if market == list(ground.markets)[1]:
            raise KeyboardInterrupt
        return folder.once(strategy, market, make)

    with pytest.raises(KeyboardInterrupt):
        proved(ground, tmp_path / "killed", keep=dies_at_the_second)
    made = list[MarketId]()

    def counted(strategy: str, market: MarketId, make: Any) -> dict[str, Any]:
        def making() -> dict[str, Any]:
            made.append(market)
            return make()

        return ProofFolder.of(spec, tmp_path).once(strategy, market, making)

    found = proved(ground, tmp_path / "killed", keep=counted)
    assert made == list(ground.markets)[1:]
    straight = proved(ground, tmp_path / "straight")
    assert [one["evidence"] for one in found] == [one["evidence"] for one in straight]
    assert ProofFolder.of(spec, tmp_path).finish(found) == ProofFolder.of(spec, tmp_path).finished()


def test_a_spec_says_all_that_decides_and_is_read_back() -> None:
    ground = drifting(1, 0.1)
    request = Request(tuple(ground.markets), (STEP,))
    spec = spec_of([EMA], request, ground, SETTINGS)
    assert settings_of(spec) == SETTINGS
    anchored = replace(SETTINGS, anchored=True)
    assert settings_of(spec_of([EMA], request, ground, anchored)) == anchored
    assert settings_of(spec).thresholds.hash == default_thresholds().hash
    assert request_of(spec, {}) == request
    assert spec["data"][0]["bars"] == int(
        np.searchsorted(ground.markets[request.markets[0]].candles.ts, spec["data"][0]["vault_start"])
    )
