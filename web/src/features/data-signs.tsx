/** How data stands, as signs: one state, the sums of a group, and the same as a bar. */
import type { Freshness, GroupCount, Source } from "../client/schema";
import { Sign } from "../components/icons";
import { STATES, STATUS } from "../lib/data";
import { count, isDefined, percent, reasonOf } from "../lib/format";

const FILLS: Readonly<Record<Freshness, string>> = {
  damaged: "bg-fail",
  missing: "bg-fail opacity-55",
  failed: "bg-fail",
  stale: "bg-stale",
  late: "bg-warn",
  unknown: "bg-text-3",
  fresh: "bg-pass",
};

export function StateWord({ state }: { state: Freshness }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <Sign status={STATUS[state]} size={13} label="" /> {state}
    </span>
  );
}

/** "140 fresh, 2 late", each with its sign, the worst first. */
export function StateCounts({ counts, className = "" }: { counts: GroupCount; className?: string }) {
  return (
    <span className={`figure flex flex-wrap gap-x-3 gap-y-0.5 ${className}`}>
      {STATES.filter((state) => counts[state] > 0).map((state) => (
        <span key={state} className="inline-flex items-center gap-1.5">
          <Sign status={STATUS[state]} size={12} label="" /> {count(counts[state])} {state}
        </span>
      ))}
    </span>
  );
}

/** The shares of the states side by side; words and signs beside it say the same. */
export function StateBar({ counts }: { counts: GroupCount }) {
  return (
    <div className="meter flex gap-px" aria-hidden="true">
      {STATES.filter((state) => counts[state] > 0).map((state) => (
        <div key={state} className={`min-w-[3px] ${FILLS[state]}`} style={{ flexGrow: counts[state] }} />
      ))}
    </div>
  );
}

/** What a check said of exactly these rows; "—" says why it is not known. */
export function Score({ row }: { row: Source }) {
  const why = reasonOf(row.score);
  if (!isDefined(row.score)) {
    return (
      <span className="text-text-3" title={why}>
        —<span className="visually-hidden"> {why}</span>
      </span>
    );
  }
  const faults = row.faults.join(", ");
  return (
    <span className={`figure ${row.score < 90 ? "text-warn" : ""}`} title={faults || "nothing was found"}>
      {row.score}
    </span>
  );
}

/** The share of the bars that are there: every missing one shows, so nothing is rounded up to a whole. */
export function coverageText(row: Source): string {
  if (!isDefined(row.coverage)) return "—";
  if (row.coverage === 1) return "100%";
  return percent(Math.min(row.coverage, 0.9999), 2);
}
