/** Candles by market and timeframe: age, coverage and score of each, opened to say all that is known. */
import { useState } from "react";
import type { Source } from "../client/schema";
import { Icon, Sign } from "../components/icons";
import { type CandleTable, type MarketCandles, STATUS } from "../lib/data";
import { count, isDefined } from "../lib/format";
import { age } from "../lib/time";
import { coverageText } from "./data-signs";
import { SeriesFacts } from "./data-facts";
import { OpenLink } from "./data-open";

const MARKETS_SHOWN = 60;
const FEW_TIMEFRAMES = 6;

export function CandleStates({ table, sinceAsked, open, toggle }: {
  table: CandleTable;
  sinceAsked: number;
  open: string;
  toggle: (key: string) => void;
}) {
  const [all, showAll] = useState(false);
  const shown = all ? table.markets : table.markets.slice(0, MARKETS_SHOWN);
  const few = table.timeframes.length <= FEW_TIMEFRAMES;
  const wide = few ? "@min-[46rem]:block" : "@min-[72rem]:block";
  const narrow = few ? "@min-[46rem]:hidden" : "@min-[72rem]:hidden";
  return (
    <>
      <div className={`hidden overflow-x-auto ${wide}`}>
        <table className="table table-fixed">
          <caption className="visually-hidden">Candles by market and timeframe, the worst first</caption>
          <thead>
            <tr>
              <th scope="col" className="w-44">Market</th>
              {table.timeframes.map((timeframe) => (
                <th key={timeframe} scope="col" className="figure">
                  {timeframe}
                </th>
              ))}
            </tr>
          </thead>
          {shown.map((market) => (
            <Row key={market.market} market={market} timeframes={table.timeframes} sinceAsked={sinceAsked} open={open === market.market} toggle={toggle} />
          ))}
        </table>
      </div>
      <ul className={narrow}>
        {shown.map((market) => (
          <Card key={market.market} market={market} sinceAsked={sinceAsked} open={open === market.market} toggle={toggle} />
        ))}
      </ul>
      {shown.length < table.markets.length && (
        <div className="border-t border-line px-3.5 py-2">
          <button type="button" className="button" onClick={() => showAll(true)}>
            Show all {count(table.markets.length)} markets
          </button>
        </div>
      )}
    </>
  );
}

interface MarketProps {
  readonly market: MarketCandles;
  readonly sinceAsked: number;
  readonly open: boolean;
  readonly toggle: (key: string) => void;
}

function Row({ market, timeframes, sinceAsked, open, toggle }: MarketProps & { readonly timeframes: readonly string[] }) {
  return (
    <tbody className="border-b border-line last:border-b-0">
      <tr data-row>
        <th scope="row" className="!h-11 !text-sm !border-b-0">
          <Name market={market} open={open} toggle={toggle} />
        </th>
        {timeframes.map((timeframe) => {
          const row = market.of.get(timeframe);
          return (
            <td key={timeframe} className="!border-b-0">
              {row ? <Cell row={row} sinceAsked={sinceAsked} /> : <span className="text-text-3" aria-label="not kept">·</span>}
            </td>
          );
        })}
      </tr>
      {open && (
        <tr>
          <td colSpan={timeframes.length + 1} className="!h-auto !whitespace-normal bg-surface-2 !p-0">
            <SeriesFacts rows={[...market.of.values()]} sinceAsked={sinceAsked} what="timeframe" />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Name({ market, open, toggle }: Omit<MarketProps, "sinceAsked">) {
  return (
    <OpenLink name={market.market} open={open} toggle={toggle}>
      <span className={`transition-transform ${open ? "rotate-90" : ""}`}>
        <Icon name="chevron" size={12} />
      </span>
      <span className="min-w-0 text-left">
        <span className="block leading-tight font-medium text-text">{market.series}</span>
        <span className="block text-2xs leading-tight font-normal text-text-3">{market.source}</span>
      </span>
    </OpenLink>
  );
}

/** Two lines: sign and age; coverage and score. */
function Cell({ row, sinceAsked }: { row: Source; sinceAsked: number }) {
  const score = isDefined(row.score) ? row.score : undefined;
  const thin = isDefined(row.coverage) && row.coverage < 1;
  return (
    <span className="figure inline-block leading-tight" title={row.reason || row.faults.join(", ") || undefined}>
      <span className="flex items-center gap-1">
        <Sign status={STATUS[row.state]} size={12} label={row.state} />
        {isDefined(row.age_ms) ? age(row.age_ms + sinceAsked) : "never"}
      </span>
      <span className="block pl-4 text-2xs text-text-3">
        <span className={thin ? "text-text-2" : ""}>{coverageText(row)}</span>
        {score !== undefined && (
          <span className={score < 90 ? "text-warn" : ""}>
            {" · "}
            <span className="visually-hidden">score </span>
            {score}
          </span>
        )}
      </span>
    </span>
  );
}

function Card({ market, sinceAsked, open, toggle }: MarketProps) {
  return (
    <li className="border-b border-line last:border-b-0" data-row>
      <div className="grid grid-cols-[repeat(auto-fill,minmax(8.25rem,1fr))] gap-y-1.5 px-3 py-2">
        <span className="col-span-full">
          <Name market={market} open={open} toggle={toggle} />
        </span>
        {[...market.of.values()].map((row) => (
          <span key={row.timeframe} className="inline-flex items-start gap-1.5">
            <span className="figure w-7 text-right text-text-3">{row.timeframe}</span>
            <Cell row={row} sinceAsked={sinceAsked} />
          </span>
        ))}
      </div>
      {open && (
        <div className="bg-surface-2">
          <SeriesFacts rows={[...market.of.values()]} sinceAsked={sinceAsked} what="timeframe" />
        </div>
      )}
    </li>
  );
}
