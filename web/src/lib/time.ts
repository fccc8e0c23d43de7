/** Times on screen: 24 hours, "21 Nov", the zone named beside every clock. Milliseconds since 1970 UTC go in. */

export type Zone = "local" | "utc";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly clock: string;
  readonly seconds: string;
}

const two = (value: number): string => String(value).padStart(2, "0");

function parts(ts: number, zone: Zone): Parts {
  const at = new Date(ts);
  const utc = zone === "utc";
  return {
    year: utc ? at.getUTCFullYear() : at.getFullYear(),
    month: utc ? at.getUTCMonth() : at.getMonth(),
    day: utc ? at.getUTCDate() : at.getDate(),
    clock: `${two(utc ? at.getUTCHours() : at.getHours())}:${two(utc ? at.getUTCMinutes() : at.getMinutes())}`,
    seconds: two(utc ? at.getUTCSeconds() : at.getSeconds()),
  };
}

/** "14:03" */
export function clock(ts: number, zone: Zone): string {
  return parts(ts, zone).clock;
}

/** "14:03:24" */
export function clockSeconds(ts: number, zone: Zone): string {
  const at = parts(ts, zone);
  return `${at.clock}:${at.seconds}`;
}

/** "21 Nov", with the year when it is not that of `now`. */
export function day(ts: number, zone: Zone, now = ts): string {
  const at = parts(ts, zone);
  const text = `${at.day} ${MONTHS[at.month] ?? ""}`;
  return at.year === parts(now, zone).year ? text : `${text} ${at.year}`;
}

/** "21 Nov 14:03" */
export function moment(ts: number, zone: Zone, now = ts): string {
  return `${day(ts, zone, now)} ${clock(ts, zone)}`;
}

/** The zone by name: "UTC", or "Berlin, UTC+1". */
export function zoneName(zone: Zone, ts: number): string {
  if (zone === "utc") return "UTC";
  const offset = -new Date(ts).getTimezoneOffset();
  if (offset === 0) return "UTC";
  const hours = Math.trunc(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  const shift = `UTC${offset < 0 ? "−" : "+"}${hours}${minutes ? `:${two(minutes)}` : ""}`;
  const city = Intl.DateTimeFormat().resolvedOptions().timeZone.split("/").pop()?.replaceAll("_", " ");
  return city ? `${city}, ${shift}` : shift;
}

/** How long ago, in one unit: "0.3 s", "41 min", "5 h", "3 d". */
export function age(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 10 * SECOND) return `${(span / SECOND).toFixed(1)} s`;
  if (span < 2 * MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < 2 * HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} d`;
}

/** Milliseconds of "15m", "1h", "1d"; undefined for anything else. */
export function timeframe(text: string): number | undefined {
  const match = /^(\d+)([smhdw])$/.exec(text);
  if (!match) return undefined;
  const unit = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }[match[2] as "s" | "m" | "h" | "d" | "w"];
  return Number(match[1]) * unit;
}
