"""Walking forward trades what training chose on bars it had not seen, from flat to flat, and counts every variant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import candles, free_policy, market_data

from karat.core.errors import InputError
from karat.core.model.candles import Candles
from karat.core.model.instrument import Kind
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals, signals
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.kernel.engine import prepare, run
from karat.research.backtest import MarketData
from karat.research.ledger.account import accounts
from karat.research.ledger.trials import TrialLedger
from karat.research.plateau import Plateaus
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import Consistency
from karat.research.sweeps.sweep import sweep
from karat.research.validation.holding import AllIn
from karat.research.validation.seen_before import KnownSignals, part_of, seen_before
from karat.research.validation.walk_forward import Lengths, WalkForward, walk_forward
from karat.stats.figure import Undefined
from karat.stats.returns import daily_returns
from karat.strategies import Market, Strategy, Values, evaluate, find_strategy, resolve

EMA, HOLD = find_strategy("ema_crossover"), find_strategy("buy_and_hold")
CROSSINGS = SweepGrid({"fast_period": (4, 8, 12), "slow_period": (20, 40)}, {})
LENGTHS = Lengths(train=500, test=150, purge=10, embargo=14)
NO_FEES = {"maker_fee": 0.0, "taker_fee": 0.0}


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_500))


@pytest.fixture(scope="module")
def walked(data: MarketData) -> WalkForward:
    return walk_forward(data, EMA, CROSSINGS, Policy(), LENGTHS, by="sharpe", workers=2)


def growing(rates: list[float], bars: int) -> MarketData:
    """Prices that grow by one of `rates` each bar, for `bars` bars each."""
    return market_data(candles(100.0 * np.cumprod(np.repeat(1.0 + np.array(rates), bars))))


def test_every_test_is_the_backtest_of_what_was_chosen_on_its_bars(data: MarketData, walked: WalkForward):
    chosen = [step for step in walked.steps if step.variant is not None]
    assert (len(walked.steps), len(chosen)) == (6, 3)
    for step in chosen:
        begin, end = step.window.test
        own = seen_before(KnownSignals(EMA, data.market), (begin, end), leave_within=1)
        part = part_of(data, (begin, end))
        record = run(prepare(part.candles, evaluate(own, part.market, resolve(EMA, step.settings)), Policy(),
                             data.instrument))  # fmt: skip
        day_ts, returns = daily_returns(part.candles.ts + HOUR_MS, record.equity, Policy().capital)
        assert step.tested.returns == pytest.approx(returns, abs=1e-12)
        assert (step.tested.days * 86_400_000 == day_ts).all()
        assert step.trades == record.state.money.closed_trades
        assert record.position[-1] == 0


def test_the_signals_of_a_part_are_those_of_the_market_cut_at_its_end(data: MarketData):
    values = resolve(EMA, {"fast_period": 4, "slow_period": 40})
    for begin, end in ((0, 300), (200, 700), (900, 1_500)):
        part = part_of(data, (begin, end))
        ours = evaluate(seen_before(KnownSignals(EMA, data.market), (begin, end)), part.market, values)
        cut = evaluate(EMA, data.market[:end], values)
        assert (ours.entry == cut.entry[begin:end]).all()
        assert (ours.exit_long == cut.exit_long[begin:end]).all()
    begin = 900 + int(np.flatnonzero(cut.entry[900:])[0])
    part = part_of(data, (begin, 1_500))
    assert evaluate(seen_before(KnownSignals(EMA, data.market), (begin, 1_500)), part.market, values).entry[0] != 0
    assert evaluate(EMA, part.market, values).entry[0] == 0, "alone it has not warmed up"


def test_signals_beyond_the_room_are_asked_for_again(data: MarketData):
    values = resolve(EMA, {"fast_period": 4, "slow_period": 40})
    roomy, narrow = KnownSignals(EMA, data.market), KnownSignals(EMA, data.market, bytes_max=100)
    assert roomy.of(values) is roomy.of(values)
    assert narrow.of(values) is not narrow.of(values)
    assert (narrow.of(values).entry == roomy.of(values).entry).all()
    assert (roomy.of(values).confidence == evaluate(EMA, data.market, values).confidence).all()


def test_bars_after_the_training_do_not_change_what_it_chose(data: MarketData, walked: WalkForward):
    first = walked.steps[0]
    bars = data.candles
    noise = np.where(np.arange(len(bars)) < first.window.train[1], 1.0, 1.3 - 0.6 * (np.arange(len(bars)) % 7) / 7.0)
    columns = {name: getattr(bars, name) * noise for name in ("open", "high", "low", "close")}
    high, low = np.maximum(columns["open"], columns["close"]), np.minimum(columns["open"], columns["close"])
    changed = Candles(bars.market, HOUR_MS, bars.ts, columns["open"], np.maximum(columns["high"], high),
                      np.minimum(columns["low"], low), columns["close"], bars.volume)  # fmt: skip
    again = walk_forward(market_data(changed), EMA, CROSSINGS, Policy(), LENGTHS, by="sharpe").steps[0]
    assert (again.variant, again.plateau) == (first.variant, first.plateau)
    assert again.tested_return != first.tested_return


def test_a_market_that_grows_evenly_keeps_in_the_tests_what_it_gave_in_training():
    market = growing([0.001], 1_000)
    grid = SweepGrid({}, {"size_value": (0.25, 0.4, 0.5, 0.8)})
    found = walk_forward(market, HOLD, grid, free_policy(**NO_FEES), Lengths(train=240, test=240), by="total_return")
    assert [step.settings for step in found.steps] == [{"size_value": 0.5}] * 3
    for step in found.steps:
        begin, end = step.window.test
        assert step.plateau.neighbours == 2, "0.4 and 0.8; of 0.8 only 0.5 is known, which is too few"
        assert step.trades == 1
        closes = market.candles.close  # bought at the open after the first close, sold at the last open
        assert step.tested_return == pytest.approx(0.5 * (closes[end - 2] / closes[begin] - 1.0), rel=1e-3)
    assert found.share_positive == 1.0
    assert found.efficiency == pytest.approx(1.0, abs=0.05)
    assert found.out_of_sample.curve[-1] == pytest.approx(
        np.prod([1.0 + step.tested_return for step in found.steps]), rel=1e-12
    )


def test_what_is_lost_in_the_tests_makes_the_efficiency_negative():
    market = growing([0.001, -0.001], 240)
    found = walk_forward(
        market, HOLD, SweepGrid({}, {}), free_policy(**NO_FEES), Lengths(train=240, test=240), by="total_return"
    )
    assert found.share_positive == 0.0
    assert found.efficiency < -0.9
    assert found.out_of_sample.t_ratio < -1.65


def test_a_peak_among_losers_is_left_alone(data: MarketData, walked: WalkForward):
    step = walked.steps[3]
    swept = sweep(
        part_of(data, step.window.train), seen_before(KnownSignals(EMA, data.market), step.window.train), CROSSINGS,
        Policy(),
    )  # fmt: skip
    (peak,) = Plateaus(swept, "sharpe").centres()
    assert swept.best(1) == [peak.row]
    assert peak.objective > 0.5 > 0.0 > peak.median
    assert step.variant is None
    assert not step.tested.returns.any()


def test_leaving_at_the_end_of_a_test_is_paid_for():
    market = growing([0.001, 0.0], 100)
    policy = free_policy(taker_fee=0.001, maker_fee=0.001)
    (step,) = walk_forward(
        market, HOLD, SweepGrid({}, {}), policy, Lengths(train=100, test=100), by="total_return"
    ).steps
    assert step.tested_return == pytest.approx(-0.002, rel=0.01), "in and out"


def test_a_lone_variant_that_earned_nothing_is_left_alone():
    flat = market_data(candles(np.full(300, 100.0)))
    found = walk_forward(flat, HOLD, SweepGrid({}, {}), Policy(), Lengths(train=100, test=100), by="total_return")
    assert [step.variant for step in found.steps] == [None, None]
    assert not found.out_of_sample.returns.any()
    assert isinstance(found.efficiency, Undefined), "training earned nothing"


def peaked(data: MarketData, peak: tuple[int, int]) -> Strategy:
    """Crossings, of which one pair of periods knows the market of `data`: it is in before every bar that rises."""
    rises = np.append(data.candles.close[1:] > data.candles.open[1:], False)

    class Peaked(type(EMA)):
        def signals(self, market: Market, p: Values) -> Signals:
            if (p.fast_period, p.slow_period) != peak:
                return super().signals(market, p)
            bars = len(market)
            known = rises[:bars] & (np.arange(bars) >= self.warmup_bars(p))
            return signals(bars, long=known, exit_long=~known)

    return Peaked()


@pytest.mark.parametrize("sampled", [False, True], ids=["grid", "sample"])
def test_the_centre_of_a_plateau_is_traded_and_not_the_peak(data: MarketData, sampled: bool):
    grid = SweepGrid({"fast_period": (4, 6, 8, 12, 16), "slow_period": (20, 30, 40, 60)}, {})
    lucky, free = peaked(data, (4, 60)), free_policy(**NO_FEES)
    lengths = Lengths(train=700, test=200)
    found = walk_forward(data, lucky, grid, free, lengths, by="sharpe", sampled=sampled)
    known = KnownSignals(lucky, data.market)
    elsewhere = 0
    for step in found.steps:
        part = part_of(data, step.window.train)
        swept = sweep(part, seen_before(known, step.window.train), grid, free)
        assert swept.settings(swept.best(1)[0]) == {"fast_period": 4, "slow_period": 60}
        centres = Plateaus(swept, "sharpe", sampled=sampled).centres()
        if centres and centres[0].median > 0.0:
            assert step.plateau == centres[0]
        else:
            assert isinstance(step.plateau, Undefined), "a peak among losers is no plateau"
        elsewhere += step.settings != {"fast_period": 4, "slow_period": 60}
    assert elsewhere >= 3, "of four; a peak may stand on what is a plateau without it"


@pytest.mark.parametrize("strategy", [HOLD, AllIn()], ids=["entries", "targets"])
@pytest.mark.parametrize("latency", [1, 2, 5])
def test_a_test_ends_flat_whatever_the_latency(strategy: Strategy, latency: int):
    market = growing([0.001], 400)
    own = seen_before(KnownSignals(strategy, market.market), (100, 200), leave_within=latency)
    part = part_of(market, (100, 200))
    policy = free_policy(latency=latency)
    record = run(prepare(part.candles, evaluate(own, part.market, resolve(strategy)), policy, market.instrument))
    assert record.position[-2] > 0
    assert record.position[-1] == 0


def test_without_anything_to_choose_the_capital_stays_in_cash():
    flat = market_data(candles(np.full(400, 100.0)))
    found = walk_forward(flat, EMA, CROSSINGS, Policy(), Lengths(train=100, test=100), by="sharpe")
    assert [step.variant for step in found.steps] == [None] * 3
    assert isinstance(found.steps[0].plateau, Undefined)
    assert not found.out_of_sample.returns.any()
    assert found.share_positive == 0.0
    assert isinstance(found.efficiency, Undefined)
    assert isinstance(found.out_of_sample.t_ratio, Undefined)


def test_every_variant_of_every_window_is_charged_once(data: MarketData, walked: WalkForward, tmp_path: Path):
    assert [one.count for one in walked.tried] == [CROSSINGS.variants] * 6 + [1]
    again = walk_forward(data, EMA, CROSSINGS, Policy(), LENGTHS, by="sharpe", workers=1)
    ledger = TrialLedger(tmp_path)
    for one in (*walked.tried, *again.tried):
        ledger.record_trials(EMA, one, 0)
    (account,) = accounts(ledger.lines())
    assert account.trials == 6 * CROSSINGS.variants + 1
    other = walk_forward(data, EMA, CROSSINGS, Policy(), replace(LENGTHS, embargo=38), by="sharpe")
    ledger.record_trials(EMA, other.tried[-1], 0)
    assert accounts(ledger.lines())[0].trials == 6 * CROSSINGS.variants + 2, "other windows are another try"


def test_anchored_training_grows_and_the_gap_belongs_to_nobody(data: MarketData):
    lengths = Lengths(train=740, test=150, purge=24, embargo=24, step=300, anchored=True)
    found = walk_forward(
        data, EMA, CROSSINGS, Policy(), lengths, objective=Consistency(paths=20, best_paths=40, window_days=10)
    )
    assert [step.window.train for step in found.steps] == [(0, 740), (0, 1_040)]
    assert [step.window.test for step in found.steps] == [(788, 938), (1_088, 1_238)]
    days = found.out_of_sample.days
    assert len(days) == sum(len(step.tested.days) for step in found.steps)
    assert (np.diff(days) > 1).sum() == 1


def test_sessions_are_counted_by_their_dates():
    shares = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_000), kind=Kind.EQUITY)
    found = walk_forward(shares, EMA, CROSSINGS, Policy(), LENGTHS, by="sharpe")
    out = found.out_of_sample
    first = int(shares.candles.ts[found.steps[0].window.test[0]]) // 86_400_000
    assert out.days_per_year == 252.0
    assert out.days[0] in (first - 1, first), "the date in New York"
    assert (np.diff(out.days) == 1).all()
    assert np.any(out.returns)


def test_a_set_up_that_means_nothing_is_refused(data: MarketData):
    def refused(lengths: Lengths, market: MarketData = data, by: str = "sharpe") -> str:
        with pytest.raises(InputError) as error:
            walk_forward(market, EMA, CROSSINGS, Policy(), lengths, by=by)
        return error.value.code

    assert refused(Lengths(train=0, test=10)) == "bad_windows"
    assert refused(Lengths(train=10, test=10, step=5)) == "bad_windows"
    assert refused(Lengths(train=1_400, test=101)) == "record_too_short"
    assert refused(LENGTHS, by="luck") == "unknown_figure"
    assert refused(LENGTHS, by="max_drawdown") == "bad_objective", "less of it would be better"
    assert refused(LENGTHS, by="sharpe,total_return") == "bad_objective", "no one height"
    locked = replace(data, entry=replace(data.entry, vault_start_ts=int(data.candles.ts[-1])))
    assert refused(LENGTHS, locked) == "vault_in_range"
