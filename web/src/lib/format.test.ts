import { describe, expect, test } from "vitest";
import {
  count,
  fixed,
  money,
  multiple,
  percent,
  placesOf,
  plural,
  price,
  profit,
  quantity,
  reasonOf,
  signed,
  signedPercent,
  symbolOf,
  tone,
} from "./format";

const MISSING = { undefined: "no trade yet" };

describe("numbers", () => {
  test.each([
    [0, 2, "0.00"],
    [-0, 2, "0.00"],
    [-0.001, 2, "0.00"],
    [999.995, 2, "1,000.00"],
    [1_234_567.891, 2, "1,234,567.89"],
    [-517.97, 2, "−517.97"],
    [12, 0, "12"],
    [1_000, 0, "1,000"],
    [-1e-7, 8, "−0.00000010"],
    [1e15, 2, "1,000,000,000,000,000.00"],
  ])("%d to %d places is %s", (value, places, text) => {
    expect(fixed(value, places)).toBe(text);
  });

  test("what is no number is told as nothing, never as 0", () => {
    expect(fixed(Number.NaN, 2)).toBe("—");
    expect(fixed(Number.POSITIVE_INFINITY, 2)).toBe("—");
  });

  test("profit is always signed, nothing has no sign", () => {
    expect(profit(383.24)).toBe("+383.24");
    expect(profit(-8.27)).toBe("−8.27");
    expect(profit(0)).toBe("0.00");
    expect(profit(0.004)).toBe("0.00");
    expect(signed(-0.004, 2)).toBe("0.00");
  });

  test("fractions become per cent", () => {
    expect(percent(-0.0164)).toBe("−1.64%");
    expect(percent(0.421, 1)).toBe("42.1%");
    expect(signedPercent(0.0037)).toBe("+0.37%");
  });

  test("a multiple of the risk has two places and a sign", () => {
    expect(multiple(0.394)).toBe("+0.39");
  });

  test("counts are whole and named", () => {
    expect(count(2_118)).toBe("2,118");
    expect(plural(1, "bot")).toBe("1 bot");
    expect(plural(0, "bot")).toBe("0 bots");
  });
});

describe("figures that do not exist", () => {
  test.each([money, profit, percent, signedPercent, multiple])("are a dash", (format) => {
    expect(format(MISSING)).toBe("—");
  });

  test("keep their reason", () => {
    expect(reasonOf(MISSING)).toBe("no trade yet");
    expect(reasonOf(0)).toBeUndefined();
  });
});

describe("grids", () => {
  test.each([
    [0.5, 1],
    [0.01, 2],
    [0.00001, 5],
    [1, 0],
    [10, 0],
    [0.25, 2],
    [1e-8, 8],
    [0, 2],
  ])("a step of %d needs %d places", (step, places) => {
    expect(placesOf(step)).toBe(places);
  });

  test("prices stand on the tick, sizes on the lot", () => {
    expect(price(96_412.5, 0.1)).toBe("96,412.5");
    expect(quantity(0.084, 0.001)).toBe("0.084");
    expect(quantity(5_200, 1)).toBe("5,200");
  });
});

test("a figure is tinted by what is shown of it", () => {
  expect(tone(0.0023, signedPercent(0.0023))).toBe("gain");
  expect(tone(-8.27, "−8.27")).toBe("loss");
  expect(tone(0.004, "0.00")).toBe("even");
  expect(tone(MISSING, "—")).toBe("even");
});

test("a market is shown by its symbol", () => {
  expect(symbolOf("binance_perp:BTCUSDT")).toBe("BTCUSDT");
});
