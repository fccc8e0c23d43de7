/** The live line as React reads it. */
import { useEffect } from "react";
import type {
  BotDetail,
  Data,
  Equity,
  EquityRange,
  Event as KaratEvent,
  EventKind,
  Fleet,
  Position,
  Refusals,
  Trade,
} from "../client/schema";
import type { Book } from "../client/schema";
import { type Interest, type LiveState, type Resource, live } from "./live";
import { useStore } from "./store";

const EMPTY: Resource = { data: undefined, error: undefined, receivedAt: undefined };

export interface View<T> extends Resource<T> {
  readonly path: string;
}

const all = (): boolean => true;
const told = (kind: EventKind): boolean => kind !== "marked";
const traded = (kind: EventKind): boolean => kind === "exit";

const OFTEN: Interest = { pause: 400, concerns: all };
const NOW_AND_THEN: Interest = { pause: 2_500, concerns: all };

function useView<T>(path: string, interest: Interest): View<T> {
  useEffect(() => live.watch(path, interest), [path, interest]);
  const resource = useStore(live.store, (state) => state.resources[path] ?? EMPTY) as Resource<T>;
  return { ...resource, path };
}

const ON_TRADE: Interest = { pause: 400, concerns: traded };
const ON_NEWS: Interest = { pause: 400, concerns: told };

/** Data comes without an event: files, downloads and streams write past the journal, so it is asked for by the clock. */
const BY_CLOCK: Interest = { pause: 2_500, concerns: () => false, every: 5_000 };

const query = (bot: string | undefined): string => (bot === undefined ? "" : `&bot=${encodeURIComponent(bot)}`);

export const useFleet = (): View<Fleet> => useView("/fleet", OFTEN);
export const usePositions = (): View<readonly Position[]> => useView("/positions", OFTEN);
export const useBot = (bot: string): View<BotDetail> => useView(`/bots/${encodeURIComponent(bot)}`, OFTEN);
export const useTrades = (limit: number, bot?: string): View<readonly Trade[]> =>
  useView(`/trades?limit=${limit}${query(bot)}`, ON_TRADE);
export const useEvents = (limit: number, bot?: string): View<readonly KaratEvent[]> =>
  useView(`/events?limit=${limit}${query(bot)}`, ON_NEWS);
export const useRefusals = (bot?: string): View<Refusals> =>
  useView(bot === undefined ? "/refusals" : `/refusals?bot=${encodeURIComponent(bot)}`, NOW_AND_THEN);

export const useData = (): View<Data> => useView("/data", BY_CLOCK);

export const equityPath = (of: Book | string, range: EquityRange): string =>
  typeof of === "string"
    ? `/bots/${encodeURIComponent(of)}/equity?range=${range}`
    : `/equity?mode=${of.mode}&currency=${encodeURIComponent(of.currency)}&range=${range}`;

export const useEquity = (of: Book | string, range: EquityRange): View<Equity> =>
  useView(equityPath(of, range), NOW_AND_THEN);

export function useLive<Part>(select: (state: LiveState) => Part): Part {
  return useStore(live.store, select);
}
