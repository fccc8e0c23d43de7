/** Can I trust the input? What is missing, what is old, how much of it is there, and how good it is. */
import { useDeferredValue } from "react";
import type { Data, Group, Source } from "../client/schema";
import { Sign } from "../components/icons";
import { Panel, PanelState } from "../components/panel";
import { CandleStates } from "../features/data-candles";
import { NoData } from "../features/data-panel";
import { StateBar, StateCounts } from "../features/data-signs";
import { SourceStates } from "../features/data-sources";
import { GROUP_NAMES, STATES, assessData, candleTable, matching } from "../lib/data";
import { plural } from "../lib/format";
import { useQuery } from "../lib/router";
import { useNow } from "../lib/use-now";
import { type View, useData } from "../lib/use-live";

const AGES_RENEWED_MS = 5_000;

const BORDERS = {
  fail: "border-l-fail bg-fail-bg",
  missing: "border-l-fail bg-fail-bg",
  stale: "border-l-stale bg-stale-bg",
  warn: "border-l-warn bg-warn-bg",
  none: "border-l-line-strong",
  info: "border-l-info",
  pass: "border-l-pass",
} as const;

export function DataPage() {
  const data = useData();
  if (!data.data || data.data.rows.length === 0) {
    return (
      <Panel title="Data" view={data}>
        <PanelState view={data} lines={10} empty={{ when: () => true, show: <NoData /> }}>
          {() => null}
        </PanelState>
      </Panel>
    );
  }
  return <Known view={data} data={data.data} />;
}

function Known({ view, data }: { view: View<Data>; data: Data }) {
  const [filter, setFilter] = useQuery("filter", "");
  const [state, setState] = useQuery("state", "");
  const [open, setOpen] = useQuery("open", "");
  const now = useNow(AGES_RENEWED_MS);
  const sinceAsked = Math.max(0, now - (view.receivedAt ?? now));
  const rows = matching(data.rows, useDeferredValue(filter), state);
  const shared = { sinceAsked, open, toggle: setOpen };
  const candles = candleTable(rows);
  const of = (group: Group): readonly Source[] => rows.filter((row) => row.group === group);
  return (
    <div className="grid gap-2.5 wide:gap-3">
      <Summary data={data} />
      <Choices data={data} filter={filter} setFilter={setFilter} state={state} setState={setState} />
      {rows.length === 0 && <p className="px-1 py-3 text-text-2">No series matches.</p>}
      {candles.markets.length > 0 && (
        <Panel title="Candles" note="age, share of the bars, score" view={view}>
          <PanelState view={view} lines={8}>
            {() => <CandleStates table={candles} {...shared} />}
          </PanelState>
        </Panel>
      )}
      {(["streams", "other"] as const).map((group) => {
        const own = of(group);
        return (
          own.length > 0 && (
            <Panel key={group} title={GROUP_NAMES[group]} note={plural(own.length, "series", "series")} view={view}>
              <SourceStates rows={own} {...shared} />
            </Panel>
          )
        );
      })}
    </div>
  );
}

function Summary({ data }: { data: Data }) {
  const { status, title, detail } = assessData(data);
  return (
    <section className="panel flex flex-col broad:flex-row" aria-label="State of the data">
      <div
        className={`flex min-w-0 flex-col justify-center border-l-4 px-4 py-2.5 broad:max-w-[24rem] broad:min-w-[17rem] ${BORDERS[status]}`}
        role="status"
        aria-live="polite"
      >
        <div className="flex items-center gap-2 text-[1.25rem] leading-tight font-semibold tracking-[-0.015em]">
          <Sign status={status} size={20} label="" />
          {title}
        </div>
        <div className="mt-0.5 text-text-2">{detail}</div>
      </div>
      <div className="grid grow grid-cols-1 wide:grid-flow-col wide:auto-cols-fr">
        {data.counts.map((one) => (
          <div key={one.group} className="grid content-center gap-1.5 border-t border-line px-3.5 py-2.5 broad:border-t-0 wide:border-l wide:first:border-l-0 broad:first:border-l">
            <div className="flex items-baseline justify-between gap-3">
              <span className="font-medium">{GROUP_NAMES[one.group]}</span>
              <span className="figure text-xs text-text-3">
                {one.group === "candles"
                  ? `${plural(data.markets, "market")}, ${plural(data.timeframes, "timeframe")}`
                  : plural(one.series, "series", "series")}
              </span>
            </div>
            <StateBar counts={one} />
            <StateCounts counts={one} />
          </div>
        ))}
      </div>
    </section>
  );
}

function Choices({ data, filter, setFilter, state, setState }: {
  data: Data;
  filter: string;
  setFilter: (filter: string) => void;
  state: string;
  setState: (state: string) => void;
}) {
  const present = STATES.filter((one) => data.counts.some((counts) => counts[one] > 0));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="segments flex-wrap" role="group" aria-label="Only this state">
        {["", ...present].map((one) => (
          <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
            {one === "" ? "All" : one}
          </button>
        ))}
      </div>
      <span className="grow" />
      <input
        type="search"
        className="field w-56 max-[30rem]:w-full"
        placeholder="Filter  /"
        aria-label="Filter by source, market, kind or reason"
        data-filter
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
    </div>
  );
}
