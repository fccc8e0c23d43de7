/** The fleet, one cell per bot: tint is today's result, frame and sign the state. */
import type { Bot, Fleet } from "../client/schema";
import { Link, botPath } from "../components/link";
import { Panel, PanelState } from "../components/panel";
import { Sign } from "../components/icons";
import { type Status, botStatus } from "../lib/assess";
import { isDefined, plural, signedPercent, symbolOf, words } from "../lib/format";
import type { View } from "../lib/use-live";

const FULL_TINT = 0.008; // today's result at which the tint is full
const TINT_MAX = 42; // per cent; above it text on the tint would lose its contrast
const ROOMY = 16; // up to so many bots a cell has room for words

const FRAMES: Record<Status, string> = {
  pass: "border-transparent",
  info: "border-transparent",
  none: "border-dashed border-line-strong",
  warn: "border-warn",
  fail: "border-2 border-fail",
  stale: "border-dashed border-stale",
};

export function FleetPanel({ fleet, className }: { fleet: View<Fleet>; className?: string }) {
  const bots = fleet.data?.bots.length;
  return (
    <Panel
      title="Fleet"
      note={bots ? plural(bots, "bot") : undefined}
      view={fleet}
      actions={<Link href="/bots">Open table</Link>}
      {...(className ? { className } : {})}
    >
      <PanelState
        view={fleet}
        lines={6}
        empty={{ when: (data) => data.bots.length === 0, show: <NoBots /> }}
      >
        {(data) => <Cells fleet={data} />}
      </PanelState>
    </Panel>
  );
}

export function NoBots() {
  return (
    <>
      No bot yet. Start some with <code className="whitespace-nowrap text-text">karat demo</code>.
    </>
  );
}

function Cells({ fleet }: { fleet: Fleet }) {
  const roomy = fleet.bots.length <= ROOMY;
  const grid = roomy ? "grid-cols-2 @min-[40rem]:grid-cols-4" : "grid-cols-[repeat(auto-fill,minmax(2.25rem,1fr))]";
  return (
    <div className="grow px-3.5 py-3">
      <ul className={`grid gap-1 ${grid}`}>
        {fleet.bots.map((bot, index) => (
          <Cell key={bot.id} bot={bot} clock={fleet.clock_ts} roomy={roomy} ordinal={index + 1} />
        ))}
      </ul>
      <Legend fleet={fleet} />
    </div>
  );
}

function tintOf(bot: Bot): { readonly tint: string; readonly share: string } {
  const today = isDefined(bot.today_fraction) ? bot.today_fraction : 0;
  const strength = Math.min(1, Math.abs(today) / FULL_TINT) * TINT_MAX;
  return { tint: today < 0 ? "var(--k-loss)" : "var(--k-gain)", share: `${strength.toFixed(0)}%` };
}

function Cell({ bot, clock, roomy, ordinal }: { bot: Bot; clock: number | null; roomy: boolean; ordinal: number }) {
  const { status, text } = botStatus(bot, clock);
  const { tint, share } = tintOf(bot);
  const today = signedPercent(bot.today_fraction);
  return (
    <li>
      <Link
        href={botPath(bot.id)}
        className={`tint relative flex h-full rounded-[4px] border text-text hover:no-underline ${FRAMES[status]} ${
          roomy ? "flex-col px-2 py-1.5" : "min-h-(--k-target) items-center justify-center gap-1"
        }`}
        style={{ "--tint": tint, "--share": share } as React.CSSProperties}
        title={`${bot.name}, ${text}, today ${today}`}
      >
        <span className="visually-hidden">
          {bot.name}, {text}
          {!roomy && `, today ${today}`}
        </span>
        {roomy ? (
          <>
            <span className="flex items-center justify-between gap-1 text-xs font-medium">
              <span className="wide:truncate">{words(bot.strategy)}</span>
              {status !== "pass" && <Sign status={status} size={12} label="" />}
            </span>
            <span className="flex flex-wrap items-center justify-between gap-x-1 text-2xs">
              <span>{symbolOf(bot.market)}</span>
              <span className="figure">{today}</span>
            </span>
          </>
        ) : (
          <>
            <span className="figure text-2xs font-medium">{String(ordinal).padStart(2, "0")}</span>
            {status !== "pass" && <Sign status={status} size={11} label="" />}
          </>
        )}
      </Link>
    </li>
  );
}

const SAID: readonly (readonly [Status, string])[] = [
  ["pass", "run"],
  ["fail", "failed"],
  ["warn", "with a warning"],
  ["stale", "wait"],
  ["info", "finished"],
  ["none", "stopped"],
];

function Legend({ fleet }: { fleet: Fleet }) {
  const counts = new Map<Status, number>();
  for (const bot of fleet.bots) {
    const { status } = botStatus(bot, fleet.clock_ts);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return (
    <div className="mt-2.5 text-xs text-text-2">
      <div className="flex flex-wrap gap-x-3 gap-y-1">
        {SAID.filter(([status]) => counts.has(status)).map(([status, word]) => (
          <span key={status} className="inline-flex items-center gap-1.5">
            <Sign status={status} size={12} label="" /> {counts.get(status)} {word}
          </span>
        ))}
      </div>
      <p className="mt-1 text-text-3">Tint: result today, full at ±0.8%. Frame and sign: state.</p>
    </div>
  );
}
