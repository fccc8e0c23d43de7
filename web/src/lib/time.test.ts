import { describe, expect, test } from "vitest";
import { age, clock, clockSeconds, day, moment, timeframe, zoneName } from "./time";

const NOON = Date.UTC(2026, 10, 21, 12, 3, 24);

describe("clocks in UTC", () => {
  test("have 24 hours", () => {
    expect(clock(NOON, "utc")).toBe("12:03");
    expect(clockSeconds(NOON, "utc")).toBe("12:03:24");
    expect(clock(Date.UTC(2026, 0, 1), "utc")).toBe("00:00");
  });

  test("name the day, and the year where it is another", () => {
    expect(day(NOON, "utc")).toBe("21 Nov");
    expect(day(Date.UTC(2025, 10, 21), "utc", NOON)).toBe("21 Nov 2025");
    expect(moment(NOON, "utc", NOON)).toBe("21 Nov 12:03");
  });

  test("name their zone", () => {
    expect(zoneName("utc", NOON)).toBe("UTC");
    expect(zoneName("local", NOON)).toMatch(/UTC/);
  });
});

test.each([
  [-5, "0.0 s"],
  [312, "0.3 s"],
  [14_000, "14 s"],
  [41 * 60_000, "41 min"],
  [5 * 3_600_000, "5 h"],
  [3 * 86_400_000, "3 d"],
])("%d ms ago is %s", (milliseconds, text) => {
  expect(age(milliseconds)).toBe(text);
});

test("timeframes are spans, other words are not", () => {
  expect(timeframe("15m")).toBe(900_000);
  expect(timeframe("1w")).toBe(604_800_000);
  expect(timeframe("soon")).toBeUndefined();
});
