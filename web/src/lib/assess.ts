/** What the fleet's state amounts to: the worst of it in words, and each bot's sign. */
import type { Bot, Verdict as BotVerdict, Fleet } from "../client/schema";
import { plural } from "./format";
import { timeframe } from "./time";
import type { Phase } from "./live";

/** What a sign can say; its shape tells it without colour. */
export type Status = "pass" | "fail" | "warn" | "stale" | "info" | "none";

const BARS_BEHIND_MAX = 2; // a bot may wait for its bar to close, and for one more

export interface Verdict {
  readonly status: Status;
  readonly title: string;
  readonly detail: string;
}

/** How many bars a running bot is behind the newest bar of the fleet; 0 when that cannot be told. */
export function barsBehind(bot: Bot, clock: number | null): number {
  const length = timeframe(bot.timeframe);
  if (clock === null || bot.last_bar_ts === null || length === undefined) return 0;
  return Math.max(0, Math.floor((clock - (bot.last_bar_ts + length)) / length));
}

export function isStale(bot: Bot, clock: number | null): boolean {
  return bot.state === "running" && barsBehind(bot, clock) >= BARS_BEHIND_MAX;
}

/** The sign of one bot and the words behind it. */
export function botStatus(bot: Bot, clock: number | null): { readonly status: Status; readonly text: string } {
  const cause = bot.state_cause;
  const because = (word: string): string => (cause ? `${word}: ${cause}` : word);
  if (bot.state === "failed") return { status: "fail", text: because("failed") };
  if (bot.state === "halted") return { status: "warn", text: because("halted") };
  if (bot.state === "starting") return { status: "stale", text: because("recovering, entries wait") };
  if (isStale(bot, clock)) return { status: "stale", text: `${barsBehind(bot, clock)} bars behind` };
  if (bot.warnings.length > 0) return { status: "warn", text: bot.warnings.join("; ") };
  if (bot.state === "stopped") return { status: "none", text: because("stopped") };
  if (bot.state === "finished") return { status: "info", text: because("finished") };
  return { status: "pass", text: because("running") };
}

/** How a verdict of research looks. Not to be proven is the usual case and no fault. */
export function verdictStatus(verdict: BotVerdict): Status {
  if (verdict === "proven") return "pass";
  return verdict === "on watch" ? "info" : "none";
}

/** The first line of the page: the worst there is, in words. */
export function assess(phase: Phase, fleet: Fleet | undefined, failed: boolean): Verdict {
  if (phase === "offline") {
    return { status: "stale", title: "Not connected", detail: "The figures below are old." };
  }
  if (!fleet) {
    return failed
      ? { status: "fail", title: "The fleet is unknown", detail: "Karat answers, but not this question." }
      : { status: "none", title: "Connecting", detail: "Asking Karat for its bots." };
  }
  if (fleet.bots.length === 0) return { status: "none", title: "No bot yet", detail: "Start some: karat demo" };
  return assessBots(fleet);
}

function assessBots(fleet: Fleet): Verdict {
  const signs = fleet.bots.map((bot) => botStatus(bot, fleet.clock_ts));
  const counted = (status: Status): number => signs.filter((sign) => sign.status === status).length;
  const first = (status: Status): string => {
    const index = signs.findIndex((sign) => sign.status === status);
    const bot = fleet.bots[index];
    return bot ? `${bot.name} ${signs[index]?.text ?? ""}` : "";
  };
  const rest = (amount: number): string => (amount > 1 ? `, and ${plural(amount - 1, "more", "more")}` : "");
  for (const [status, one, many] of WORST_FIRST) {
    const amount = counted(status);
    if (amount === 0) continue;
    const title = amount === 1 ? one : many.replace("#", String(amount));
    return { status, title, detail: first(status) + rest(amount) };
  }
  const running = fleet.bots.filter((bot) => bot.state === "running").length;
  const finished = fleet.bots.filter((bot) => bot.state === "finished").length;
  if (running === 0 && finished > 0) {
    return { status: "info", title: "Replay finished", detail: `${plural(finished, "bot")} at the end of the data` };
  }
  if (running === 0) return { status: "none", title: "Nothing runs", detail: "Every bot was stopped." };
  return { status: "pass", title: "All in order", detail: `${plural(running, "bot")} running, nothing needs you` };
}

const WORST_FIRST: readonly (readonly [Status, string, string])[] = [
  ["fail", "One bot needs you", "# bots need you"],
  ["warn", "One warning", "# warnings"],
  ["stale", "One bot waits", "# bots wait"],
];
