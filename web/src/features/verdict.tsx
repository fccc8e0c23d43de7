/** State before figures: the worst of it in words, and beside it what is known to be in order and what is not. */
import type { ReactNode } from "react";
import type { Bot, Fleet, Position, Verdict } from "../client/schema";
import { Sign } from "../components/icons";
import { type Status, assess, barsBehind, isStale } from "../lib/assess";
import { plural } from "../lib/format";
import { moment } from "../lib/time";
import { useZone } from "../lib/preferences";
import { type DataStatus, STATUS, worstOf } from "../lib/data";
import { type View, useData, useLive } from "../lib/use-live";

const LOOKS: Record<Status, string> = {
  pass: "border-l-pass",
  info: "border-l-info",
  none: "border-l-line-strong",
  warn: "border-l-warn bg-warn-bg",
  fail: "border-l-fail bg-fail-bg",
  stale: "border-l-stale bg-stale-bg",
};

export function VerdictLine({ fleet, positions }: { fleet: View<Fleet>; positions: View<readonly Position[]> }) {
  const phase = useLive((state) => state.phase);
  const verdict = assess(phase, fleet.data, fleet.error !== undefined);
  return (
    <section className="panel flex flex-col broad:flex-row" aria-label="State">
      <div
        className={`flex min-w-0 flex-col broad:max-w-[26rem] broad:min-w-[18rem] justify-center border-l-4 px-4 py-2.5 ${LOOKS[verdict.status]}`}
        role="status"
        aria-live="polite"
      >
        <div className="flex items-center gap-2 text-[1.25rem] leading-tight font-semibold tracking-[-0.015em]">
          <Sign status={verdict.status} size={20} label="" />
          {verdict.title}
        </div>
        <div className="mt-0.5 text-text-2">{verdict.detail}</div>
      </div>
      <div className="cells grow [--columns:5]">
        {fleet.data && <Vitals fleet={fleet.data} positions={positions.data} known={phase === "connected"} />}
        {!fleet.data && ["Bots", "Stops", "Candles", "Data", "Proof"].map((name) => <Vital key={name} status="none" name={name} value="…" />)}
      </div>
    </section>
  );
}

interface VitalsProps {
  readonly fleet: Fleet;
  readonly positions: readonly Position[] | undefined;
  /** Without a line nothing is known to be in order: what was, is old. */
  readonly known: boolean;
}

function Vitals({ fleet, positions, known }: VitalsProps) {
  const zone = useZone();
  const passes: Status = known ? "pass" : "stale";
  const { bots, clock_ts: clock } = fleet;
  const running = bots.filter((bot) => bot.state === "running").length;
  const late = bots.filter((bot) => isStale(bot, clock));
  const behind = Math.max(0, ...late.map((bot) => barsBehind(bot, clock)));
  return (
    <>
      <Vital
        status={bots.some((bot) => bot.state === "failed") ? "fail" : running > 0 ? passes : "none"}
        name="Bots"
        value={`${running} of ${bots.length}`}
        note={running === bots.length ? "running" : tally(fleet)}
      />
      <Stops positions={positions} passes={passes} />
      <Vital
        status={clock === null ? "none" : late.length > 0 ? "stale" : passes}
        name="Candles"
        value={clock === null ? "none yet" : moment(clock, zone)}
        note={late.length > 0 ? `${plural(late.length, "bot")} up to ${behind} bars behind` : "every bot is up to it"}
      />
      <DataVital known={known} />
      <Proof bots={bots} />
    </>
  );
}

/** What research has proven of the bots: only one deployed from a gold dossier, and unchanged since, is proven. */
function Proof({ bots }: { bots: readonly Bot[] }) {
  const amount = (verdict: Verdict): number => bots.filter((bot) => bot.verdict === verdict).length;
  const proven = amount("proven");
  const watched = amount("on watch");
  const all = plural(bots.length, "bot");
  if (proven === 0) {
    const note = watched > 0 ? `${watched} of ${all} on watch` : `${bots.length} of ${all}`;
    return <Vital status="none" name="Proof" value="not proven" note={note} />;
  }
  const status = proven === bots.length ? "pass" : "none";
  return <Vital status={status} name="Proof" value={`${proven} of ${bots.length}`} note={watched > 0 ? `proven, ${watched} on watch` : "proven"} />;
}

/** The candles of the lake: without them no decision is made. */
function DataVital({ known }: { known: boolean }) {
  const { data } = useData();
  const candles = data?.counts.find((one) => one.group === "candles");
  if (!data) return <Vital status="none" name="Data" value="…" />;
  if (!candles) return <Vital status="none" name="Data" value="no candles" note="the lake is empty" />;
  const worst = worstOf(candles);
  return (
    <Vital
      status={known ? STATUS[worst] : "stale"}
      name="Data"
      value={`${candles.fresh} of ${candles.series}`}
      note={worst === "fresh" ? "series of candles fresh" : `fresh, ${candles[worst]} ${worst}`}
    />
  );
}

function tally(fleet: Fleet): string {
  const counts = new Map<string, number>();
  for (const bot of fleet.bots) if (bot.state !== "running") counts.set(bot.state, (counts.get(bot.state) ?? 0) + 1);
  return [...counts].map(([state, amount]) => `${amount} ${state}`).join(", ") || "no bot";
}

function Stops({ positions, passes }: { positions: readonly Position[] | undefined; passes: Status }) {
  if (!positions) return <Vital status="none" name="Stops" value="…" />;
  const stopped = positions.filter((position) => position.stop_price !== null).length;
  const open = positions.length - stopped;
  if (positions.length === 0) return <Vital status={passes} name="Stops" value="no position" note="nothing to protect" />;
  return (
    <Vital
      status={open > 0 ? "none" : passes}
      name="Stops"
      value={`${stopped} of ${positions.length}`}
      note={open > 0 ? `${plural(open, "position")} unbounded` : "every position has one"}
    />
  );
}

function Vital({ status, name, value, note }: { status: DataStatus; name: string; value: string; note?: ReactNode }) {
  return (
    <div className="grid grid-cols-[auto_1fr] content-start wide:content-center items-center max-[47.99rem]:last:odd:col-span-full gap-x-[7px] px-3 py-2.5">
      <Sign status={status} />
      <span className="text-text-2">{name}</span>
      <span className="figure col-start-2 leading-snug font-semibold">{value}</span>
      <span className="col-start-2 text-xs wide:truncate text-text-3" title={typeof note === "string" ? note : undefined}>
        {note}
      </span>
    </div>
  );
}
