"""karat data bars and karat data depth: bars out of stored trades, an input out of stored order books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.ids import market_id
from karat.core.time import iso, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.ingest.bars.batch import TapeReport
    from karat.ingest.bars.builder import BarReport

Json = Annotated[bool, Parameter(name="--json", negative="")]
_LISTED = 20


def build_bars(
    market: str,
    *,
    kind: str = "1m",
    tape: str | None = None,
    pause: str = "1h",
    candles: bool | None = None,
    replace: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> None:
    """Build bars from the stored trades of a market, and store them.

    Every bar goes into the table `bars`, marked where trades of it are missing. Whole time bars become candles of the
    market too; where the lake has a candle that differs, the difference is listed and the lake's stays.

    Parameters
    ----------
    market
        venue:SYMBOL, with trades in the lake.
    kind
        1m (or time:1m), tick:1000, volume:50, dollar:1000000, range:25, renko:10, renko:atr14 (renko:atr14x2@5m);
        several with commas.
    tape
        imported or streamed, where the lake has both.
    pause
        Where neither numbers nor a stream tell which trades are missing: a pause longer than this counts as a hole.
    candles
        Whether whole time bars become candles; when left out, if the market has candles already.
    replace
        Where bars or candles of the lake differ from what the trades give, the trades win.
    as_json
        Print one JSON object, with every difference.
    """
    from karat.bars import bar_kinds
    from karat.core.instruments import instrument_for
    from karat.ingest.bars.batch import BarChoices, build_stored
    from karat.lake.store import open_lake

    lake, name = open_lake(), market_id(market)
    specs = bar_kinds(kind, instrument_for(name, None).tick)
    choices = BarChoices(tape, timeframe_ms(pause), candles, replace)
    with progress("building bars") as line:
        told = (lambda trades: line.update(f"building bars: {trades:,} trades")) if line else lambda _: None
        report = build_stored(lake, name, specs, choices, told)
    if as_json:
        show_json(_json(report))
    else:
        _show(report)
        if not report.candles and any(_is_candle(one) for one in report.kinds):
            say(
                f"{name} has no candles in the lake, and its first ones fix where its vault begins: import or download "
                "its history first, or begin with these bars: --candles."
            )


def build_depth_input(market: str, *, as_json: Json = False) -> None:
    """Make the input `book_depth` (spread, imbalances, once a second) out of the stored order books of a market.

    Streams do this as they go; an imported book wants this once.

    Parameters
    ----------
    market
        venue:SYMBOL, with an order book in the lake.
    as_json
        Print one JSON object.
    """
    from karat.ingest.depth import build_depth
    from karat.lake.store import open_lake

    with progress("reading the book"):
        name, rows, gaps = build_depth(open_lake(), market_id(market))
    if as_json:
        show_json({"kind": name.kind, "market": market, "variant": name.variant, "rows": rows, "gaps": gaps})
        return
    show(f"{name.kind} of {market}: {rows:,} seconds, {gaps} gaps. In needs: {name.kind}, {name.kind}.imbalance_5.")


def _is_candle(one: BarReport) -> bool:
    from karat.ingest.bars.keeping import becomes_candles

    return becomes_candles(one.spec)


def _show(report: TapeReport) -> None:
    from rich.table import Table

    span = f"{iso(report.tape.first_ts)} to {iso(report.tape.last_ts)}"
    late = f", {report.late} late and left out" if report.late else ""
    unusable = f", {report.unusable} unusable and left out" if report.unusable else ""
    show(f"{report.trades:,} trades from {span}{late}{unusable}.")
    holes = report.cuts - 1
    show(f"Holes in them, by {report.tape.told_by}: {holes or 'none'}. No bar over one is whole.")
    table = Table("bars", "table", "made", "not whole", "new", "as candles", "equal", "replaced", "differ")
    for one in report.kinds:
        kept = one.candles
        differ = len({each.ts for each in kept.differences})
        told = (kept.added, kept.equal, kept.replaced, differ) if _is_candle(one) else ("", "", "", "")
        numbers = (one.bars, one.cut, one.new, *told)
        table.add_row(one.spec.name, one.name.variant, *(str(number) for number in numbers))
    show(table)
    for one, waiting in zip(report.kinds, report.waiting, strict=True):
        if waiting:
            say(f"{one.spec.name}: {waiting:,} trades came before the first ATR was known and are in no brick.")
    _show_differences(report)


def _show_differences(report: TapeReport) -> None:
    from rich.table import Table

    rows = [(one, each) for one in report.kinds for each in one.candles.differences]
    if not rows:
        return
    table = Table("timeframe", "candle", "column", "stored", "from trades")
    for one, each in rows[:_LISTED]:
        timeframe = timeframe_text(one.spec.plan.timeframe_ms)
        table.add_row(timeframe, iso(each.ts), each.column, f"{each.native:.10g}", f"{each.built:.10g}")
    show(table)
    if len(rows) > _LISTED:
        say(f"{len(rows) - _LISTED} more differences: --json lists all.")
    say("The stored candles stay. --replace lets the trades win.")


def _json(report: TapeReport) -> dict[str, Any]:
    return {
        "trades": report.trades,
        "late": report.late,
        "unusable": report.unusable,
        "holes": report.cuts - 1,
        "holes_told_by": report.tape.told_by,
        "from": report.tape.first_ts,
        "to": report.tape.last_ts,
        "kinds": [_kind_json(*one) for one in zip(report.kinds, report.waiting, strict=True)],
    }


def _kind_json(one: BarReport, waiting: int) -> dict[str, Any]:
    kept = one.candles
    return {
        "kind": one.spec.name,
        "variant": one.name.variant,
        "bars": one.bars,
        "not_whole": one.cut,
        "new": one.new,
        "waiting_trades": waiting,
        "candles": {
            "added": kept.added,
            "equal": kept.equal,
            "replaced": kept.replaced,
            "differences": [
                {"ts": each.ts, "column": each.column, "stored": each.native, "built": each.built}
                for each in kept.differences
            ],
        },
    }
