/** The equity panel: how far back is in the address, the chart is fetched when first shown. */
import { Suspense, lazy } from "react";
import type { Book, EquityRange } from "../client/schema";
import { Panel, PanelState, Skeleton } from "../components/panel";
import { useQuery } from "../lib/router";
import { useEquity } from "../lib/use-live";

const AGAIN_MS = 2_000;

/** The chart is a chunk of its own. Karat may go away while it is fetched, so it is asked for until it comes. */
async function loadChart(): Promise<typeof import("../charts/equity-chart")> {
  for (;;) {
    try {
      return await import("../charts/equity-chart");
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

const EquityChart = lazy(loadChart);

const RANGES: readonly EquityRange[] = ["1d", "7d", "30d", "90d", "all"];
const HEIGHT_MIN = 300;

export function EquityPanel({ of, note, className }: { of: Book | string; note: string; className?: string }) {
  const [text, setRange] = useQuery("range", "all");
  const range = RANGES.find((name) => name === text) ?? "all";
  const equity = useEquity(of, range);
  return (
    <Panel
      title="Equity"
      note={note}
      view={equity}
      actions={<Ranges value={range} choose={setRange} />}
      {...(className ? { className } : {})}
    >
      <PanelState
        view={equity}
        lines={11}
        empty={{
          when: (data) => data.ts.length < 2,
          show: "Fewer than two closes so far: a line begins with the second.",
        }}
      >
        {(data) => (
          <Suspense fallback={<Skeleton lines={11} />}>
            <EquityChart series={data} heightMin={HEIGHT_MIN} />
          </Suspense>
        )}
      </PanelState>
    </Panel>
  );
}

function Ranges({ value, choose }: { value: EquityRange; choose: (range: string) => void }) {
  return (
    <div className="segments" role="group" aria-label="How far back">
      {RANGES.map((range) => (
        <button key={range} type="button" aria-pressed={range === value} onClick={() => choose(range)}>
          {range === "all" ? "All" : range}
        </button>
      ))}
    </div>
  );
}
