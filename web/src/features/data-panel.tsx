/** Can I trust the input? In one panel: the sums, then what is worst. */
import type { Data, Source } from "../client/schema";
import { Sign } from "../components/icons";
import { Link } from "../components/link";
import { Panel, PanelState } from "../components/panel";
import { GROUP_NAMES, STATUS, alike, namesOf, oldest, whatOf } from "../lib/data";
import { plural } from "../lib/format";
import { age } from "../lib/time";
import { useData } from "../lib/use-live";
import { StateBar, StateCounts } from "./data-signs";

const WORST_SHOWN = 4;

export function DataPanel({ className }: { className?: string }) {
  const data = useData();
  return (
    <Panel
      title="Data"
      note={data.data && data.data.markets > 0 && `${plural(data.data.markets, "market")}, ${plural(data.data.timeframes, "timeframe")}`}
      view={data}
      actions={<Link href="/data">All data</Link>}
      {...(className ? { className } : {})}
    >
      <PanelState view={data} lines={5} empty={{ when: (value) => value.rows.length === 0, show: <NoData /> }}>
        {(value) => <Compact data={value} />}
      </PanelState>
    </Panel>
  );
}

export function NoData() {
  return (
    <>
      The lake is empty. Fill it with <code className="whitespace-nowrap text-text">karat data download</code> or{" "}
      <code className="whitespace-nowrap text-text">karat data import</code>.
    </>
  );
}

function Compact({ data }: { data: Data }) {
  const worst = alike(data.rows.filter((row) => row.state !== "fresh" && row.state !== "unknown"));
  return (
    <div className="grow px-3.5 py-2.5">
      <dl className="grid gap-2">
        {data.counts.map((one) => (
          <div key={one.group} className="grid grid-cols-[minmax(6.5rem,auto)_1fr] items-center gap-x-3 gap-y-1">
            <dt className="text-text-2">{GROUP_NAMES[one.group]}</dt>
            <dd>
              <StateCounts counts={one} />
            </dd>
            <dd className="col-span-2">
              <StateBar counts={one} />
            </dd>
          </div>
        ))}
      </dl>
      {worst.length > 0 && (
        <ul className="mt-2.5 border-t border-line pt-1.5" aria-label="What is worst">
          {worst.slice(0, WORST_SHOWN).map((one) => (
            <Line key={one.key} rows={one.rows} />
          ))}
        </ul>
      )}
      {worst.length > WORST_SHOWN && (
        <p className="mt-1 text-xs text-text-3">
          and {plural(worst.length - WORST_SHOWN, "more line")}
        </p>
      )}
    </div>
  );
}

function Line({ rows }: { rows: readonly Source[] }) {
  const first = rows[0];
  if (!first) return null;
  const old = oldest(rows);
  return (
    <li className="grid grid-cols-[14px_1fr_auto] items-baseline gap-x-2 py-1" title={first.reason || namesOf(rows, 12)}>
      <span className="translate-y-0.5">
        <Sign status={STATUS[first.state]} size={13} label={first.state} />
      </span>
      <span className="truncate">
        {first.source} <span className="text-text-2">{whatOf(rows)}</span>{" "}
        <span className="text-text-3">{first.reason || namesOf(rows, 2)}</span>
      </span>
      <span className="figure text-text-3">{old === undefined ? "never" : age(old)}</span>
    </li>
  );
}
