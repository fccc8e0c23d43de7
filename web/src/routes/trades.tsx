/** Every closed trade, newest first, page after page. */
import { useState } from "react";
import { ApiError, getJson } from "../client/http";
import type { Trade } from "../client/schema";
import { Panel, PanelState } from "../components/panel";
import { Trades } from "../features/trades";
import { useFleet, useTrades } from "../lib/use-live";

const PAGE = 50;

export function TradesPage() {
  const fleet = useFleet();
  const newest = useTrades(PAGE);
  const [older, setOlder] = useState<readonly Trade[]>([]);
  const [state, setState] = useState<"more" | "busy" | "end" | "failed">("more");
  const first = newest.data ?? [];
  const edge = first.at(-1)?.sequence ?? 0;
  const rows = [...first, ...older.filter((trade) => trade.sequence < edge)];
  const load = async () => {
    setState("busy");
    try {
      const page = await getJson<readonly Trade[]>(`/trades?limit=${PAGE}&before=${rows.at(-1)?.sequence ?? 1}`);
      // What slid off the newest page meanwhile is kept, so that no trade falls between two pages.
      setOlder([...rows, ...page]);
      setState(page.length < PAGE ? "end" : "more");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState("failed");
    }
  };
  const more = rows.length >= PAGE && state !== "end";
  return (
    <Panel title="Trades" note="newest first, results after fees and funding" view={newest}>
      <PanelState
        view={newest}
        lines={12}
        empty={{ when: (data) => data.length === 0, show: "No trade has been closed yet." }}
      >
        {() => <Trades rows={rows} bots={new Map(fleet.data?.bots.map((bot) => [bot.id, bot]))} />}
      </PanelState>
      {more && (
        <div className="flex items-center gap-3 border-t border-line px-3.5 py-2.5">
          <button type="button" className="button" onClick={() => void load()} disabled={state === "busy"}>
            Load older
          </button>
          {state === "failed" && <span className="text-fail">That failed; try again.</span>}
        </div>
      )}
    </Panel>
  );
}
