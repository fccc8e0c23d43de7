/** What the state of the data amounts to: signs, sums in words, series that stand alike, candles by market and time. */
import type { Data, Freshness, Group, GroupCount, Source } from "../client/schema";
import type { Status } from "./assess";
import { count, isDefined, plural } from "./format";
import { timeframe } from "./time";

/** What a sign of data can say: a state of the page, or that there is nothing at all. */
export type DataStatus = Status | "missing";

/** The worst first, as the server orders them. */
export const STATES: readonly Freshness[] = ["damaged", "missing", "failed", "stale", "late", "unknown", "fresh"];

export const STATUS: Readonly<Record<Freshness, DataStatus>> = {
  damaged: "fail",
  missing: "missing",
  failed: "fail",
  stale: "stale",
  late: "warn",
  unknown: "none",
  fresh: "pass",
};

export const GROUP_NAMES: Readonly<Record<Group, string>> = {
  candles: "Candles",
  other: "Beside candles",
  streams: "Streams",
};

export interface DataVerdict {
  readonly status: DataStatus;
  readonly title: string;
  readonly detail: string;
}

const TITLES: Readonly<Record<Freshness, string>> = {
  damaged: "Data is damaged",
  missing: "Data is missing",
  failed: "A source failed",
  stale: "Data is stale",
  late: "Data is late",
  unknown: "Not known",
  fresh: "All fresh",
};

/** The worst there is, in words. Candles speak before all else, because no decision is made without them. */
export function assessData(data: Data): DataVerdict {
  if (data.rows.length === 0) return { status: "none", title: "No data yet", detail: "The lake is empty." };
  const speaking = data.counts.find((one) => one.group === "candles" && worstOf(one) !== "fresh");
  const counted = speaking ?? worstCount(data.counts);
  const state = counted ? worstOf(counted) : "fresh";
  const amount = counted ? counted[state] : 0;
  const of = counted?.group === "candles" ? "series of candles" : counted?.group === "streams" ? "streams" : "series beside candles";
  if (state === "fresh") return { status: "pass", title: TITLES.fresh, detail: plural(data.rows.length, "series", "series") };
  return { status: STATUS[state], title: TITLES[state], detail: `${count(amount)} of ${count(counted?.series ?? 0)} ${of}` };
}

export function worstOf(counts: GroupCount): Freshness {
  return STATES.find((state) => counts[state] > 0) ?? "fresh";
}

function worstCount(counts: readonly GroupCount[]): GroupCount | undefined {
  const rank = (one: GroupCount): number => STATES.indexOf(worstOf(one));
  return [...counts].sort((a, b) => rank(a) - rank(b))[0];
}

/** Series told in one line, because they stand alike. */
export interface Alike {
  readonly key: string;
  readonly rows: readonly Source[];
}

/** By state, source and reason; candles by their timeframe, too. */
export function alike(rows: readonly Source[]): readonly Alike[] {
  const groups = new Map<string, Source[]>();
  for (const row of rows) {
    const key = [row.group, row.state, row.source, row.group === "candles" ? row.timeframe : "", row.reason].join("|");
    const own = groups.get(key);
    if (own) own.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].map(([key, own]) => ({ key, rows: own }));
}

/** "1h open interest", or "28 kinds". */
export function whatOf(rows: readonly Source[]): string {
  const kinds = new Set(rows.map((row) => kindOf(row)));
  return kinds.size === 1 ? [...kinds][0]! : `${kinds.size} kinds`;
}

export function kindOf(row: Source): string {
  return `${row.timeframe} ${row.kind.replaceAll("_", " ")}`.trim();
}

/** "BTCUSDT, ETHUSDT and 6 more". */
export function namesOf(rows: readonly Source[], shown = 3): string {
  const names = [...new Set(rows.map((row) => row.series))];
  const rest = names.length - shown;
  return names.slice(0, shown).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** The oldest age of these series, ms; nothing where none was ever stored. */
export function oldest(rows: readonly Source[]): number | undefined {
  const ages = rows.flatMap((row) => (isDefined(row.age_ms) ? [row.age_ms] : []));
  return ages.length > 0 ? Math.max(...ages) : undefined;
}

export interface MarketCandles {
  readonly market: string;
  readonly source: string;
  readonly series: string;
  readonly worst: Freshness;
  readonly of: ReadonlyMap<string, Source>;
}

export interface CandleTable {
  readonly timeframes: readonly string[];
  readonly markets: readonly MarketCandles[];
}

/** Candles by market and timeframe: the market with the worst series first, else by name. */
export function candleTable(rows: readonly Source[]): CandleTable {
  const markets = new Map<string, Source[]>();
  const timeframes = new Set<string>();
  for (const row of rows) {
    if (row.group !== "candles") continue;
    timeframes.add(row.timeframe);
    const market = `${row.source}:${row.series}`;
    const own = markets.get(market);
    if (own) own.push(row);
    else markets.set(market, [row]);
  }
  const told = [...markets].map(([market, own]) => ({
    market,
    source: own[0]!.source,
    series: own[0]!.series,
    worst: STATES.find((state) => own.some((row) => row.state === state)) ?? "fresh",
    of: new Map(own.map((row) => [row.timeframe, row])),
  }));
  const rank = (one: MarketCandles): number => STATES.indexOf(one.worst);
  return {
    timeframes: [...timeframes].sort((a, b) => (timeframe(a) ?? 0) - (timeframe(b) ?? 0)),
    markets: told.sort((a, b) => rank(a) - rank(b) || (a.market < b.market ? -1 : 1)),
  };
}

/** The rows that a person looks for, by words anywhere in them. */
export function matching(rows: readonly Source[], filter: string, state: string): readonly Source[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (row: Source): string =>
    [row.source, row.series, row.kind, row.timeframe, row.state, row.reason].join(" ").replaceAll("_", " ").toLowerCase();
  return rows.filter((row) => (state === "" || row.state === state) && wanted.every((word) => text(row).includes(word.replaceAll("_", " "))));
}
