/** Why there was no trade: what became of today's decisions. */
import type { Refusals } from "../client/schema";
import { count, words } from "../lib/format";

const MEANINGS: Readonly<Record<string, string>> = {
  equity: "no equity left",
  side: "side not allowed",
  own_exit: "own exit at once",
  regime: "regime unknown",
  size: "no size",
  afford: "not affordable",
  switch: "switched off",
  filter: "fleet filter",
  risk: "risk layers",
};

export function WhyNoTrade({ data }: { data: Refusals }) {
  const refused = data.refused.reduce((sum, row) => sum + row.count, 0);
  const rest = data.decisions - data.flat - data.entered - refused;
  const rows = [
    { name: "Signal: flat", amount: data.flat, bar: "bg-text-3" },
    { name: "Already in position", amount: rest, bar: "bg-text-3" },
    ...[...data.refused]
      .sort((a, b) => b.count - a.count)
      .map((row) => ({
        name: `Filter: ${MEANINGS[row.reason] ?? words(row.reason)}`,
        amount: row.count,
        bar: "bg-accent",
      })),
    { name: "Orders: sent", amount: data.entered, bar: "bg-pass" },
  ].filter((row) => row.amount > 0);
  const most = Math.max(1, ...rows.map((row) => row.amount));
  return (
    <dl className="grow px-3.5 py-2.5">
      {rows.map((row) => (
        <div key={row.name} className="grid h-7 grid-cols-[minmax(8.5rem,42%)_1fr_3rem] items-center gap-2.5 wide:h-6">
          <dt className="truncate">{row.name}</dt>
          <dd className="meter order-none h-1.5" aria-hidden="true">
            <div className={row.bar} style={{ width: `${(row.amount / most) * 100}%` }} />
          </dd>
          <dd className="figure text-right">{count(row.amount)}</dd>
        </div>
      ))}
    </dl>
  );
}
