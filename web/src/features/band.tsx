/** The six figures of a book of bots, and of one bot. */
import type { ReactNode } from "react";
import type { Bot, Totals } from "../client/schema";
import { Figure, Why } from "../components/figure";
import { isDefined, money, percent, plural, profit, signedPercent } from "../lib/format";
import type { Figure as Value } from "../lib/format";

interface CellProps {
  readonly name: string;
  readonly value: Value;
  readonly format: (value: Value) => string;
  readonly unit?: string;
  readonly tinted?: boolean;
  readonly children?: ReactNode;
}

function Cell({ name, value, format, unit, tinted = false, children }: CellProps) {
  return (
    <div className="px-3 py-2.5 wide:px-3.5 wide:py-3">
      <div className="text-xs text-text-3 wide:truncate">{name}</div>
      <div className="mt-0.5 text-[1.125rem] leading-[1.25] font-semibold tracking-[-0.015em] wide:text-[1.375rem]">
        <Figure value={value} format={format} tinted={tinted} />
        {" "}
        {unit && isDefined(value) && <small className="text-xs font-normal tracking-normal text-text-3">{unit}</small>}
      </div>
      <div className="mt-0.5 text-xs text-text-2 wide:truncate">
        {isDefined(value) ? children : <Why value={value} />}
      </div>
    </div>
  );
}

export function Band({ totals }: { totals: Totals }) {
  const { currency, mode } = totals.book;
  const gained = isDefined(totals.equity) && totals.capital > 0 ? totals.equity / totals.capital - 1 : undefined;
  return (
    <section className="panel cells [--columns:3] broad:[--columns:6]" aria-label="Figures">
      <Cell name={`Equity, ${mode}`} value={totals.equity} format={money} unit={currency}>
        {gained !== undefined && <Figure value={gained} format={signedPercent} tinted />} since the start
        {totals.missing > 0 && `, ${plural(totals.missing, "bot")} without a figure`}
      </Cell>
      <Cell name="Today, since 00:00 UTC" value={totals.today} format={profit} unit={currency} tinted>
        <Figure value={totals.today_fraction} format={signedPercent} tinted />
      </Cell>
      <Cell name="Open profit and loss" value={totals.open_pnl} format={profit} unit={currency} tinted>
        {plural(totals.positions, "position")}, {plural(totals.trades, "trade")}
      </Cell>
      <Cell name="If every stop is hit" value={totals.at_stops} format={profit} unit={currency}>
        {totals.unbounded > 0 ? `${plural(totals.unbounded, "position")} unbounded` : "from the marks"}
      </Cell>
      <Cell name="Drawdown" value={totals.drawdown} format={percent}>
        deepest <Figure value={totals.drawdown_deepest} format={percent} />
      </Cell>
      <Cell name="Exposure, gross" value={totals.exposure_gross} format={(value) => percent(value, 1)} unit="of equity">
        net <Figure value={totals.exposure_net} format={(value) => signedPercent(value, 1)} />
      </Cell>
    </section>
  );
}

/** The band's final size while its figures are awaited. */
export function BandSkeleton() {
  return (
    <section className="panel cells [--columns:3] broad:[--columns:6]" role="status" aria-label="Loading figures">
      {Array.from({ length: 6 }, (_, cell) => (
        <div key={cell} className="h-[5.25rem] px-3.5 py-3">
          <div className="skeleton h-full" />
        </div>
      ))}
    </section>
  );
}

export function BotBand({ bot, capital }: { bot: Bot; capital: number }) {
  const gained = isDefined(bot.equity) && capital > 0 ? bot.equity / capital - 1 : undefined;
  return (
    <section className="panel cells [--columns:4]" aria-label="Figures">
      <Cell name={`Equity, ${bot.mode}`} value={bot.equity} format={money} unit={bot.currency}>
        {gained !== undefined && <Figure value={gained} format={signedPercent} tinted />} since the start
      </Cell>
      <Cell name="Today, since 00:00 UTC" value={bot.today} format={profit} unit={bot.currency} tinted>
        <Figure value={bot.today_fraction} format={signedPercent} tinted />
      </Cell>
      <Cell name="Open profit and loss" value={bot.open_pnl} format={profit} unit={bot.currency} tinted>
        {plural(bot.trades, "closed trade")}
      </Cell>
      <Cell name="Drawdown" value={bot.drawdown} format={percent}>
        from the highest equity
      </Cell>
    </section>
  );
}
