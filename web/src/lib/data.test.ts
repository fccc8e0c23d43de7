import { expect, test } from "vitest";
import type { Data, Freshness, Group, GroupCount, Source } from "../client/schema";
import { STATES, alike, assessData, candleTable, matching, namesOf, oldest, whatOf } from "./data";

const never = { undefined: "never" };

function row(part: Partial<Source>): Source {
  return {
    source: "binance_perp", series: "BTCUSDT", kind: "candles", timeframe: "1h", group: "candles", rows: 1,
    last_ts: 0, age_ms: 1, limit_ms: 2, over_ms: 0, state: "fresh", reason: "", asked_ts: never, coverage: 1,
    score: never, faults: [], hash: "", ...part,
  };
}

function dataOf(rows: readonly Source[]): Data {
  const counts = (["candles", "other", "streams"] as const satisfies readonly Group[]).flatMap((group) => {
    const own = rows.filter((one) => one.group === group);
    const amount = (state: Freshness) => own.filter((one) => one.state === state).length;
    const sums = Object.fromEntries(STATES.map((state) => [state, amount(state)]));
    return own.length > 0 ? [{ group, series: own.length, ...sums } as GroupCount] : [];
  });
  return { at_ts: 0, markets: 1, timeframes: 1, counts, rows };
}

test("candles speak before all else, and the worst of them first", () => {
  const missing = row({ group: "other", state: "missing" });
  expect(assessData(dataOf([]))).toMatchObject({ status: "none", title: "No data yet" });
  expect(assessData(dataOf([row({})]))).toMatchObject({ status: "pass", detail: "1 series" });
  expect(assessData(dataOf([row({}), missing]))).toMatchObject({ status: "missing", detail: "1 of 1 series beside candles" });
  const late = [row({ state: "late" }), row({ state: "stale" }), row({}), missing];
  expect(assessData(dataOf(late))).toMatchObject({ status: "stale", detail: "1 of 3 series of candles" });
});

test("what stands alike is one line: by source and reason, candles by their timeframe, too", () => {
  const keyless = { source: "coinglass", group: "other", state: "missing", reason: "needs a key" } as const;
  const rows = [
    row({ ...keyless, kind: "a", series: "BTC" }),
    row({ ...keyless, kind: "b", series: "ETH" }),
    row({ group: "other", kind: "mark", state: "stale" }),
    row({ group: "other", kind: "funding", timeframe: "", state: "stale" }),
    row({ state: "stale", series: "A" }),
    row({ state: "stale", series: "B" }),
    row({ state: "stale", series: "B", timeframe: "4h" }),
  ];
  const lines = alike(rows).map((one) => [whatOf(one.rows), namesOf(one.rows)]);
  expect(lines).toEqual([["2 kinds", "BTC, ETH"], ["2 kinds", "BTCUSDT"], ["1h candles", "A, B"], ["4h candles", "B"]]);
  expect(namesOf(["A", "B", "C", "D"].map((series) => row({ series })))).toBe("A, B, C and 1 more");
});

test("the oldest of series that were never stored is nothing", () => {
  expect(oldest([row({ age_ms: never })])).toBeUndefined();
  expect(oldest([row({ age_ms: never }), row({ age_ms: 7 }), row({ age_ms: 3 })])).toBe(7);
});

test("candles stand by market and timeframe, the market that needs a person first", () => {
  const table = candleTable([
    row({ series: "A", timeframe: "1d" }),
    row({ series: "A", timeframe: "15m" }),
    row({ series: "B", timeframe: "1h", state: "stale" }),
    row({ group: "other", kind: "funding", timeframe: "" }),
  ]);
  expect(table.timeframes).toEqual(["15m", "1h", "1d"]);
  expect(table.markets.map((one) => [one.market, one.worst])).toEqual([
    ["binance_perp:B", "stale"],
    ["binance_perp:A", "fresh"],
  ]);
  expect(table.markets[1]?.of.get("15m")?.series).toBe("A");
});

test("rows are found by words anywhere in them, and by state", () => {
  const rows = [row({}), row({ kind: "open_interest", state: "late", reason: "key refused" })];
  expect(matching(rows, "open interest", "")).toHaveLength(1);
  expect(matching(rows, "open_interest REFUSED", "")).toHaveLength(1);
  expect(matching(rows, "binance", "fresh")).toEqual([rows[0]]);
});
