/** What happened, newest first. */
import type { Bot, Event as KaratEvent, EventKind } from "../client/schema";
import { Sign } from "../components/icons";
import { Link, botPath } from "../components/link";
import type { Status } from "../lib/assess";
import { useZone } from "../lib/preferences";
import { clockSeconds, day } from "../lib/time";
import { useHeld } from "../lib/use-held";
import { Waiting } from "./trades";

const SIGNS: Record<EventKind, Status> = {
  marked: "info",
  entry: "info",
  exit: "info",
  refused: "none",
  started: "info",
  recovered: "pass",
  finished: "info",
  stopped: "none",
  halted: "warn",
  failed: "fail",
  warning: "warn",
  deployed: "info",
  signal: "info",
  intent: "info",
  sent: "info",
  acknowledged: "info",
  filled: "info",
  order: "info",
  reconciled: "info",
  opened: "info",
  closed: "info",
  risk: "warn",
  breaker: "warn",
  kill: "fail",
  command: "info",
  alarm: "fail",
};

export function Events({ rows, bots }: { rows: readonly KaratEvent[]; bots?: ReadonlyMap<string, Bot> }) {
  const { rows: shown, waiting, surround } = useHeld(rows, (event) => event.id);
  const zone = useZone();
  const newest = shown[0] ? day(shown[0].ts, zone) : "";
  return (
    <div {...surround} className="relative grow">
      {waiting > 0 && <Waiting amount={waiting} />}
      <ol className="py-1.5" aria-label="Events, newest first">
        {shown.map((event) => {
          const date = day(event.ts, zone);
          return (
            <li key={event.id} className="grid grid-cols-[14px_auto_1fr] items-baseline gap-x-2 px-3.5 py-1">
              <span className="translate-y-0.5">
                <Sign status={SIGNS[event.kind]} size={13} label={event.kind} />
              </span>
              <time className="figure text-text-3" dateTime={new Date(event.ts).toISOString()}>
                {date === newest ? clockSeconds(event.ts, zone) : date}
              </time>
              <span className="min-w-0">
                {event.bot !== null && bots && (
                  <>
                    <Link href={botPath(event.bot)} className="underline decoration-line-strong underline-offset-2">{bots.get(event.bot)?.name ?? event.bot}</Link>{" "}
                  </>
                )}
                {event.text}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
