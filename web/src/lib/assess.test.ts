import { describe, expect, test } from "vitest";
import type { Bot, Fleet } from "../client/schema";
import { assess, barsBehind, botStatus, verdictStatus } from "./assess";

const HOUR = 3_600_000;
const CLOCK = 1_763_733_600_000;

function bot(change: Partial<Bot> = {}): Bot {
  return {
    id: "01",
    name: "ema-1",
    strategy: "ema_cross",
    market: "demo:AURUMUSDT",
    timeframe: "1h",
    mode: "simulated",
    currency: "USDT",
    state: "running",
    state_cause: "",
    equity: 10_000,
    today: 0,
    today_fraction: 0,
    open_pnl: 0,
    drawdown: 0,
    trades: 0,
    holding: null,
    last_bar_ts: CLOCK - HOUR,
    warnings: [],
    verdict: "not proven",
    ...change,
  };
}

const fleet = (...bots: Bot[]): Fleet => ({ clock_ts: CLOCK, data_label: "Simulated data", bots, totals: [] });

describe("the first line", () => {
  test("is calm only when every bot runs on current candles", () => {
    const calm = assess("connected", fleet(bot(), bot()), false);
    expect(calm).toEqual({ status: "pass", title: "All in order", detail: "2 bots running, nothing needs you" });
  });

  test("is never calm while nothing is known", () => {
    expect(assess("connecting", undefined, false).status).toBe("none");
    expect(assess("connected", undefined, true).status).toBe("fail");
    expect(assess("connected", fleet(), false).status).toBe("none");
    expect(assess("offline", fleet(bot()), false).status).toBe("stale");
  });

  test("names the worst first, and how many more there are", () => {
    const failed = bot({ name: "b", state: "failed", state_cause: "no size" });
    const halted = bot({ name: "a", state: "halted", state_cause: "daily loss" });
    const line = assess("connected", fleet(bot(), halted, failed, failed), false);
    expect(line.status).toBe("fail");
    expect(line.title).toBe("2 bots need you");
    expect(line.detail).toBe("b failed: no size, and 1 more");
  });

  test("tells a finished replay from bots at work", () => {
    expect(assess("connected", fleet(bot({ state: "finished" })), false).title).toBe("Replay finished");
    expect(assess("connected", fleet(bot({ state: "stopped" })), false).title).toBe("Nothing runs");
  });
});

describe("a bot's sign", () => {
  test("is old when its candles are two bars behind", () => {
    expect(barsBehind(bot(), CLOCK)).toBe(0);
    const late = bot({ last_bar_ts: CLOCK - 3 * HOUR });
    expect(barsBehind(late, CLOCK)).toBe(2);
    expect(botStatus(late, CLOCK)).toEqual({ status: "stale", text: "2 bars behind" });
  });

  test("is a warning when it warns, whatever else is well", () => {
    expect(botStatus(bot({ warnings: ["no funding series"] }), CLOCK)).toEqual({
      status: "warn",
      text: "no funding series",
    });
  });

  test("says why it waits", () => {
    expect(botStatus(bot({ state: "starting" }), CLOCK).text).toBe("recovering, entries wait");
  });
});

test("only what is proven looks passed, and what is not is no fault", () => {
  expect(verdictStatus("proven")).toBe("pass");
  expect(verdictStatus("on watch")).toBe("info");
  expect(verdictStatus("not proven")).toBe("none");
});
