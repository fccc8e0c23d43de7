/** Is everything all right, and if not, what must I do? */
import type { Fleet, Totals } from "../client/schema";
import { Panel, PanelState } from "../components/panel";
import { Link } from "../components/link";
import { Band, BandSkeleton } from "../features/band";
import { DataPanel } from "../features/data-panel";
import { EquityPanel } from "../features/equity";
import { Events } from "../features/events";
import { FleetPanel, NoBots } from "../features/fleet";
import { PositionsPanel } from "../features/positions";
import { WhyNoTrade } from "../features/refusals";
import { Trades } from "../features/trades";
import { VerdictLine } from "../features/verdict";
import { count } from "../lib/format";
import { useZone } from "../lib/preferences";
import { useQuery } from "../lib/router";
import { moment } from "../lib/time";
import { useEvents, useFleet, usePositions, useRefusals, useTrades } from "../lib/use-live";

const TRADES_SHOWN = 15;
const EVENTS_SHOWN = 8;

const keyOf = (totals: Totals): string => `${totals.book.mode}-${totals.book.currency}`;

export function Overview() {
  const fleet = useFleet();
  const positions = usePositions();
  const books = fleet.data?.totals ?? [];
  const [chosen, choose] = useQuery("book", books[0] ? keyOf(books[0]) : "");
  const totals = books.find((book) => keyOf(book) === chosen) ?? books[0];
  return (
    <div className="grid gap-2.5 wide:gap-3">
      <VerdictLine fleet={fleet} positions={positions} />
      {books.length > 1 && <Books books={books} chosen={totals} choose={choose} />}
      {totals ? <Band totals={totals} /> : !fleet.data && !fleet.error && <BandSkeleton />}
      <div className="grid grid-cols-1 gap-2.5 wide:gap-3 broad:grid-cols-12">
        {totals ? (
          <EquityPanel
            of={totals.book}
            note={`${totals.book.mode} fleet, after fees and funding`}
            className="broad:col-span-8"
          />
        ) : (
          <Panel title="Equity" className="broad:col-span-8">
            <PanelState view={fleet} lines={11} empty={{ when: () => true, show: <NoBots /> }}>
              {() => null}
            </PanelState>
          </Panel>
        )}
        <FleetPanel fleet={fleet} className="broad:col-span-4" />
        <PositionsPanel positions={positions} fleet={fleet.data} className="broad:col-span-8" />
        <DataPanel className="broad:col-span-4" />
        <LastTrades fleet={fleet.data} />
        <div className="grid content-start gap-2.5 wide:gap-3 broad:col-span-4">
          <Refused />
          <LastEvents fleet={fleet.data} />
        </div>
      </div>
    </div>
  );
}

function Books({
  books,
  chosen,
  choose,
}: {
  books: readonly Totals[];
  chosen: Totals | undefined;
  choose: (key: string) => void;
}) {
  return (
    <div className="segments w-fit" role="group" aria-label="Which money">
      {books.map((book) => (
        <button key={keyOf(book)} type="button" aria-pressed={book === chosen} onClick={() => choose(keyOf(book))}>
          {book.book.mode} {book.book.currency}, {count(book.bots)}
        </button>
      ))}
    </div>
  );
}

const byId = (fleet: Fleet | undefined) => new Map(fleet?.bots.map((bot) => [bot.id, bot]));

function Refused() {
  const refusals = useRefusals();
  const zone = useZone();
  const since = refusals.data?.since_ts;
  return (
    <Panel
      title="Why no trade"
      note={refusals.data && `${count(refusals.data.decisions)} decisions${since ? ` since ${moment(since, zone)}` : ""}`}
      view={refusals}
    >
      <PanelState
        view={refusals}
        lines={5}
        empty={{ when: (data) => data.decisions === 0, show: "No decision yet today: the first comes with the next close." }}
      >
        {(data) => <WhyNoTrade data={data} />}
      </PanelState>
    </Panel>
  );
}

function LastTrades({ fleet }: { fleet: Fleet | undefined }) {
  const trades = useTrades(TRADES_SHOWN);
  return (
    <Panel
      title="Trades"
      note="newest first"
      view={trades}
      actions={<Link href="/trades">All trades</Link>}
      className="broad:col-span-8"
    >
      <PanelState
        view={trades}
        lines={8}
        empty={{ when: (data) => data.length === 0, show: "No trade has been closed yet." }}
      >
        {(data) => <Trades rows={data} bots={byId(fleet)} />}
      </PanelState>
    </Panel>
  );
}

function LastEvents({ fleet }: { fleet: Fleet | undefined }) {
  const events = useEvents(EVENTS_SHOWN);
  return (
    <Panel title="Events" view={events}>
      <PanelState view={events} lines={8} empty={{ when: (data) => data.length === 0, show: "Nothing has happened yet." }}>
        {(data) => <Events rows={data} bots={byId(fleet)} />}
      </PanelState>
    </Panel>
  );
}
