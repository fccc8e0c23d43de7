/**
 * Figures as a person reads them. Minus is U+2212, thousands are commas, a figure that does not exist is "none" or "—"
 * with its reason beside it, never 0.
 */
import type { Undefined } from "../client/schema";

export type Figure = number | Undefined;

export const MINUS = "−";
export const NOTHING = "—";
const PLACES_MAX = 12;

export function isDefined(figure: Figure): figure is number {
  return typeof figure === "number";
}

/** Why a figure does not exist; nothing when it does. */
export function reasonOf(figure: Figure): string | undefined {
  return isDefined(figure) ? undefined : figure.undefined;
}

/** `value` with exactly `places` decimals, thousands separated: 1234.5 gives "1,234.50", -0.001 gives "0.00". */
export function fixed(value: number, places: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  const text = Math.abs(value).toFixed(places);
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const body = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? MINUS + body : body;
}

/** Like `fixed`, with a plus before what is above zero after rounding. */
export function signed(value: number, places: number): string {
  const text = fixed(value, places);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function money(figure: Figure): string {
  return isDefined(figure) ? fixed(figure, 2) : NOTHING;
}

export function profit(figure: Figure): string {
  return isDefined(figure) ? signed(figure, 2) : NOTHING;
}

/** A fraction as per cent: 0.0123 gives "1.23%". */
export function percent(figure: Figure, places = 2): string {
  return isDefined(figure) ? `${fixed(figure * 100, places)}%` : NOTHING;
}

export function signedPercent(figure: Figure, places = 2): string {
  return isDefined(figure) ? `${signed(figure * 100, places)}%` : NOTHING;
}

/** A multiple of the risk at entry: "+0.39". */
export function multiple(figure: Figure): string {
  return isDefined(figure) ? signed(figure, 2) : NOTHING;
}

/** Decimals that a grid needs: 0.5 needs 1, 0.00001 needs 5, 10 needs 0. */
export function placesOf(step: number): number {
  if (!(step > 0)) return 2;
  for (let places = 0; places < PLACES_MAX; places++) {
    const scaled = step * 10 ** places;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-9 * Math.max(1, scaled) && Math.round(scaled) > 0) return places;
  }
  return PLACES_MAX;
}

/** A price on its tick. */
export function price(value: number, tick: number): string {
  return fixed(value, placesOf(tick));
}

/** A size on its lot. */
export function quantity(value: number, step: number): string {
  return fixed(value, placesOf(step));
}

export function count(value: number): string {
  return fixed(value, 0);
}

/** "1 bot", "2 bots". */
export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

/** What tints a figure: gain, loss or neither. Decided by the text shown, so that "0.00" is never tinted. */
export function tone(figure: Figure, shown: string): "gain" | "loss" | "even" {
  if (!isDefined(figure) || !/[1-9]/.test(shown)) return "even";
  return figure > 0 ? "gain" : "loss";
}

/** "binance_perp:BTCUSDT" gives "BTCUSDT"; the venue is shown where there is room. */
export function symbolOf(market: string): string {
  return market.slice(market.indexOf(":") + 1);
}

/** "ema_cross" as words: "ema cross"; "daily_loss" gives "daily loss". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
