/** One bot: why did it do that? */
import type { BotDetail, Protection } from "../client/schema";
import { Icon, Sign } from "../components/icons";
import { Link } from "../components/link";
import { Panel, PanelState } from "../components/panel";
import { BotBand } from "../features/band";
import { EquityPanel } from "../features/equity";
import { BotData } from "../features/data-of-bot";
import { Events } from "../features/events";
import { PositionFacts } from "../features/positions";
import { WhyNoTrade } from "../features/refusals";
import { Trades } from "../features/trades";
import { botStatus, verdictStatus } from "../lib/assess";
import { count, money, words } from "../lib/format";
import { useZone } from "../lib/preferences";
import { moment } from "../lib/time";
import { type View, useBot, useEvents, useFleet, useRefusals, useTrades } from "../lib/use-live";

const TRADES_SHOWN = 20;
const EVENTS_SHOWN = 12;

export function BotPage({ id }: { id: string }) {
  const detail = useBot(id);
  if (!detail.data) {
    return (
      <Panel title="Bot" view={detail} actions={<Link href="/bots">All bots</Link>}>
        <PanelState view={detail} lines={10}>
          {() => null}
        </PanelState>
      </Panel>
    );
  }
  return (
    <div className="grid gap-2.5 wide:gap-3">
      <Head detail={detail.data} />
      <BotBand bot={detail.data.row} capital={detail.data.capital} />
      <div className="grid grid-cols-1 gap-2.5 wide:gap-3 broad:grid-cols-12">
        <EquityPanel of={id} note="after fees and funding" className="broad:col-span-8" />
        <div className="grid content-start gap-2.5 wide:gap-3 broad:col-span-4">
          <Held detail={detail} />
          <Refused id={id} />
        </div>
        <div className="grid grid-cols-1 content-start gap-2.5 wide:gap-3 broad:col-span-8">
          <LastTrades id={id} />
          <Happened id={id} />
        </div>
        <div className="grid content-start gap-2.5 wide:gap-3 broad:col-span-4">
          <Proof detail={detail} />
          <Told detail={detail} />
          <BotData market={detail.data.row.market} timeframe={detail.data.row.timeframe} />
        </div>
      </div>
    </div>
  );
}

function Head({ detail }: { detail: BotDetail }) {
  const { row } = detail;
  const clock = useFleet().data?.clock_ts ?? null;
  const { status, text } = botStatus(row, clock);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <Link href="/bots" className="button button-quiet -ml-2" aria-label="All bots">
        <Icon name="back" /> Bots
      </Link>
      <h2 className="text-lg">{row.name}</h2>
      <span className={`chip ${row.mode === "simulated" ? "chip-simulated" : ""}`}>
        {row.mode === "simulated" ? "Simulated" : "Paper"}
      </span>
      <span className="inline-flex items-center gap-1.5">
        <Sign status={status} label="" /> {text}
      </span>
      <span className="text-text-2">
        {words(row.strategy)} on {row.market}, {row.timeframe}
      </span>
      <span className="inline-flex items-center gap-1.5 text-text-2">
        <Sign status={verdictStatus(row.verdict)} label="" /> {row.verdict}
      </span>
      {row.warnings.map((warning) => (
        <span key={warning} className="inline-flex w-full items-center gap-1.5 text-warn">
          <Sign status="warn" /> {warning}
        </span>
      ))}
    </div>
  );
}

function Held({ detail }: { detail: View<BotDetail> }) {
  return (
    <Panel title="Position" view={detail}>
      <PanelState
        view={detail}
        lines={4}
        empty={{ when: (data) => data.position === null, show: "Flat: no position is open." }}
      >
        {(data) => data.position && <PositionFacts row={data.position} />}
      </PanelState>
      {detail.data && <Guarded protection={detail.data.protection} />}
    </Panel>
  );
}

const COVER: Record<Protection["cover"], string> = {
  flat: "Nothing to protect",
  covered: "A stop covers all of it",
  bare: "No full stop stands",
  no_stop: "Its policy sets no stop",
};

/** Whether a stop covers the position, and for how long in the bot's life one was missing. */
function Guarded({ protection }: { protection: Protection }) {
  return (
    <p className="flex items-center justify-between gap-3 border-t border-line px-3.5 py-1.5 text-text-2">
      <span className="inline-flex items-center gap-1.5">
        {protection.cover === "bare" && <Sign status="warn" />} {COVER[protection.cover]}
      </span>
      <span className="figure">without a stop: {protection.unprotected_seconds.toFixed(1)} s</span>
    </p>
  );
}

function Refused({ id }: { id: string }) {
  const refusals = useRefusals(id);
  return (
    <Panel
      title="Why no trade"
      note={refusals.data && `${count(refusals.data.decisions)} decisions today`}
      view={refusals}
    >
      <PanelState
        view={refusals}
        lines={4}
        empty={{ when: (data) => data.decisions === 0, show: "No decision yet today: the first comes with the next close." }}
      >
        {(data) => <WhyNoTrade data={data} />}
      </PanelState>
    </Panel>
  );
}

function Told({ detail }: { detail: View<BotDetail> }) {
  const zone = useZone();
  return (
    <Panel title="What it was told" view={detail}>
      <PanelState view={detail} lines={4}>
        {(data) => (
          <div className="px-3.5 py-2.5">
            <p className="text-text-2">{data.hypothesis}</p>
            <dl className="figure mt-2">
              {[
                ...data.parameters.map(({ name, value }) => [words(name), value] as const),
                ["capital", `${money(data.capital)} ${data.row.currency}`] as const,
                ["first bar", moment(data.anchor_ts, zone, data.row.last_bar_ts ?? data.anchor_ts)] as const,
              ].map(([name, value]) => (
                <div key={name} className="flex justify-between gap-3 border-t border-line py-1.5">
                  <dt className="text-text-3">{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </div>
        )}
      </PanelState>
    </Panel>
  );
}

/** Why it is proven, or why not: by the dossier it was deployed from, as it stands now. */
function Proof({ detail }: { detail: View<BotDetail> }) {
  return (
    <Panel title="Proof" view={detail}>
      <PanelState view={detail} lines={3}>
        {(data) => (
          <div className="px-3.5 py-2.5">
            <p className="flex items-center gap-1.5 font-semibold">
              <Sign status={verdictStatus(data.row.verdict)} label="" /> {data.row.verdict}
            </p>
            <p className="mt-1 wrap-anywhere text-text-2">{data.verdict_reason}</p>
            {data.dossier !== null && (
              <dl className="mt-2 border-t border-line pt-1.5">
                <dt className="text-text-3">dossier</dt>
                <dd className="wrap-anywhere">{data.dossier}</dd>
              </dl>
            )}
          </div>
        )}
      </PanelState>
    </Panel>
  );
}

function LastTrades({ id }: { id: string }) {
  const trades = useTrades(TRADES_SHOWN, id);
  return (
    <Panel title="Trades" note={`the newest ${TRADES_SHOWN} at most`} view={trades}>
      <PanelState
        view={trades}
        lines={8}
        empty={{ when: (data) => data.length === 0, show: "This bot has closed no trade yet." }}
      >
        {(data) => <Trades rows={data} bots={undefined} />}
      </PanelState>
    </Panel>
  );
}

function Happened({ id }: { id: string }) {
  const events = useEvents(EVENTS_SHOWN, id);
  return (
    <Panel title="Events" view={events}>
      <PanelState view={events} lines={4} empty={{ when: (data) => data.length === 0, show: "Nothing has happened yet." }}>
        {(data) => <Events rows={data} />}
      </PanelState>
    </Panel>
  );
}
