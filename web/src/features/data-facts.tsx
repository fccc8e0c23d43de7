/** All that is known of a few series, in words. */
import type { Source } from "../client/schema";
import { Sign } from "../components/icons";
import { Words } from "../components/words";
import { STATUS, kindOf } from "../lib/data";
import { count, isDefined, reasonOf } from "../lib/format";
import { useZone } from "../lib/preferences";
import { age, moment } from "../lib/time";
import { coverageText } from "./data-signs";

export function SeriesFacts({ rows, sinceAsked, what }: {
  rows: readonly Source[];
  sinceAsked: number;
  what: "timeframe" | "series";
}) {
  return (
    <ul className="py-1">
      {rows.map((row) => (
        <li
          key={`${row.source}:${row.series}:${row.kind}:${row.timeframe}`}
          className="grid grid-cols-[14px_1fr] gap-x-2 border-b border-line px-3.5 py-1.5 last:border-b-0"
        >
          <span className="translate-y-[3px]">
            <Sign status={STATUS[row.state]} size={13} label={row.state} />
          </span>
          <span className={`min-w-0 ${what === "timeframe" ? "@min-[46rem]:grid @min-[46rem]:grid-cols-[6.5rem_1fr] @min-[46rem]:gap-x-2" : ""}`}>
            <span>
              <span className="font-medium">
                {what === "timeframe" ? row.timeframe : `${row.series}, ${kindOf(row)}`}
              </span>{" "}
              <span className="text-text-2">{row.state}</span>
              {row.reason && (
                <span className="text-text-2 [overflow-wrap:anywhere]">
                  : <Words text={row.reason} />
                </span>
              )}
            </span>
            {isDefined(row.last_ts) && <Stored row={row} sinceAsked={sinceAsked} />}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Stored({ row, sinceAsked }: { row: Source; sinceAsked: number }) {
  const zone = useZone();
  const facts: readonly (readonly [string, string])[] = [
    ["newest until", isDefined(row.last_ts) ? moment(row.last_ts, zone, Date.now()) : "never"],
    ["age", isDefined(row.age_ms) ? age(row.age_ms + sinceAsked) : "never"],
    ["allowed", row.limit_ms > 0 ? age(row.limit_ms) : "not known"],
    ["rows", count(row.rows)],
    ["coverage", coverageText(row)],
    ["score", isDefined(row.score) ? `${row.score} of 100` : (reasonOf(row.score) ?? "—")],
    ...(row.faults.length > 0 ? [["found", row.faults.join(", ")] as const] : []),
    ...(isDefined(row.asked_ts) ? [["last asked", moment(row.asked_ts, zone, Date.now())] as const] : []),
    ["hash", row.hash.slice(0, 12)],
  ];
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-0.5">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-text-3">{name}</dt>
          <dd className={name === "hash" ? "font-mono text-xs leading-5" : "[font-variant-numeric:var(--k-numeric)]"}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
