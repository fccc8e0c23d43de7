/** The candles that a bot decides on: how old they are, how much of them is there, how good they are. */
import { Panel } from "../components/panel";
import { age } from "../lib/time";
import { useData } from "../lib/use-live";
import { useNow } from "../lib/use-now";
import { isDefined } from "../lib/format";
import { Score, StateWord, coverageText } from "./data-signs";

export function BotData({ market, timeframe }: { market: string; timeframe: string }) {
  const data = useData();
  const now = useNow(5_000);
  const row = data.data?.rows.find(
    (one) => one.group === "candles" && `${one.source}:${one.series}` === market && one.timeframe === timeframe,
  );
  if (!row) return null; // built from finer bars, which the data page has
  const sinceAsked = Math.max(0, now - (data.receivedAt ?? now));
  const facts = [
    ["state", <StateWord key="state" state={row.state} />],
    ["age", isDefined(row.age_ms) ? age(row.age_ms + sinceAsked) : "never"],
    ["share of the bars", coverageText(row)],
    ["score", <Score key="score" row={row} />],
    ...(row.hash ? [["hash", <code key="hash">{row.hash.slice(0, 12)}</code>] as const] : []),
  ] as const;
  return (
    <Panel title="Data it decides on" view={data}>
      <dl className="figure px-3.5 py-1">
        {facts.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-3 border-t border-line py-1.5 first:border-t-0">
            <dt className="text-text-3">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
