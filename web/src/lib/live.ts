/**
 * The live line to Karat.
 *
 * 1. One stream of events stands; it is reopened with growing pauses and resumed from the last event's id.
 * 2. Views in use are resources. An event that concerns a resource makes it due; a due resource is fetched again, at
 *    most once per its pause, one request at a time. The last value stays while a newer one is fetched or fails.
 * 3. All of it lands in the store and is shown once per frame.
 */
import { ApiError, getJson, request } from "../client/http";
import type { Event as KaratEvent, EventKind, Health } from "../client/schema";
import { readFrames } from "../client/sse";
import { Store } from "./store";

export interface Resource<T = unknown> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly receivedAt: number | undefined;
}

export type Phase = "connecting" | "connected" | "offline" | "refused";

export interface LiveState {
  readonly phase: Phase;
  readonly lostAt: number | undefined;
  readonly heardAt: number | undefined;
  readonly health: Health | undefined;
  readonly restartedAt: number | undefined;
  readonly resources: Readonly<Record<string, Resource>>;
}

export interface Interest {
  /** The least time between two fetches, ms. */
  readonly pause: number;
  /** Which events make the resource due. */
  readonly concerns: (kind: EventKind) => boolean;
  /** How long after an answer the resource is due without any event, ms; never when left out. */
  readonly every?: number;
}

const EMPTY: Resource = { data: undefined, error: undefined, receivedAt: undefined };
const SILENCE_MAX = 40_000; // the server pings every 15 s
const BACKOFF_FIRST = 500;
const BACKOFF_MAX = 10_000;

interface Watch {
  readonly interest: Interest;
  readers: number;
  due: boolean;
  busy: boolean;
  fetchedAt: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  clock: ReturnType<typeof setTimeout> | undefined;
}

/** The pause before attempt `n` (from 0): doubling, bounded, spread by `chance` in [0, 1) so that tabs do not march. */
export function backoff(attempt: number, chance: number): number {
  return Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** attempt) * (0.75 + chance / 2);
}

export class Live {
  readonly store: Store<LiveState>;
  readonly #watches = new Map<string, Watch>();
  #lastEventId: string | undefined;
  #stop: AbortController | undefined;

  constructor(store?: Store<LiveState>) {
    this.store = store ?? new Store<LiveState>({ ...START });
  }

  /** Open the line; a line that stands is closed first. */
  start(): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#patch({ phase: "connecting", lostAt: undefined });
    void this.#run(stop.signal);
  }

  /** Close the line for now; `start` opens it again where it was. */
  pause(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  /** Whether the line is open, or being opened. */
  get running(): boolean {
    return this.#stop !== undefined;
  }

  resource<T>(path: string): Resource<T> {
    return (this.store.get().resources[path] ?? EMPTY) as Resource<T>;
  }

  /** Keep `path` fresh until the returned function is called. */
  watch(path: string, interest: Interest): () => void {
    let watch = this.#watches.get(path);
    if (!watch) {
      watch = { interest, readers: 0, due: true, busy: false, fetchedAt: 0, timer: undefined, clock: undefined };
      this.#watches.set(path, watch);
    }
    const kept = watch;
    kept.readers += 1;
    this.#fetchDue(path, kept);
    return () => {
      kept.readers -= 1;
      if (kept.readers > 0) return;
      clearTimeout(kept.timer);
      clearTimeout(kept.clock);
      this.#watches.delete(path);
    };
  }

  /** Fetch `path` now, after a person asked for it. */
  retry(path: string): void {
    const watch = this.#watches.get(path);
    if (!watch) return;
    watch.due = true;
    watch.fetchedAt = 0;
    this.#fetchDue(path, watch);
  }

  /** Take in one event: what it concerns becomes due. */
  take(event: KaratEvent): void {
    for (const [path, watch] of this.#watches) {
      if (!watch.interest.concerns(event.kind)) continue;
      watch.due = true;
      this.#fetchDue(path, watch);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#listen(signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) {
          this.#patch({ phase: "refused" });
          return;
        }
        if (error instanceof ApiError && error.code === "bad_event_id") this.#lastEventId = undefined;
      }
      if (signal.aborted) return;
      this.#lost();
      await new Promise((resolve) => setTimeout(resolve, backoff(attempt, Math.random())));
    }
  }

  async #listen(signal: AbortSignal, onHello: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MAX);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MAX);
      this.#patch({ heardAt: Date.now() });
    };
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.#lastEventId) headers["Last-Event-ID"] = this.#lastEventId;
    try {
      const response = await request("/stream", { headers, signal: AbortSignal.any([signal, silence.signal]) });
      for await (const frame of readFrames(response, heard)) {
        if (frame.event === "hello") {
          onHello();
          this.#greet(JSON.parse(frame.data) as Health);
        } else if (frame.event === "event") {
          this.#lastEventId = frame.id;
          this.take(JSON.parse(frame.data) as KaratEvent);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #greet(health: Health): void {
    const before = this.store.latest().health;
    const restarted = before !== undefined && before.started_ts !== health.started_ts;
    this.#patch({
      phase: "connected",
      lostAt: undefined,
      heardAt: Date.now(),
      health,
      ...(restarted ? { restartedAt: health.started_ts } : {}),
    });
    this.#lastEventId ??= String(health.last_event_id);
    for (const [path, watch] of this.#watches) {
      watch.due = true;
      watch.fetchedAt = 0;
      this.#fetchDue(path, watch);
    }
  }

  #lost(): void {
    this.store.update((state) =>
      state.phase === "offline" ? state : { ...state, phase: "offline", lostAt: state.heardAt ?? Date.now() },
    );
  }

  #fetchDue(path: string, watch: Watch): void {
    if (!watch.due || watch.busy || watch.timer !== undefined) return;
    const wait = watch.fetchedAt + watch.interest.pause - Date.now();
    if (wait > 0) {
      watch.timer = setTimeout(() => {
        watch.timer = undefined;
        void this.#fetch(path, watch);
      }, wait);
      return;
    }
    void this.#fetch(path, watch);
  }

  async #fetch(path: string, watch: Watch): Promise<void> {
    watch.due = false;
    watch.busy = true;
    try {
      const data = await getJson<unknown>(path);
      this.#put(path, { data, error: undefined, receivedAt: Date.now() });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.#patch({ phase: "refused" });
      this.#put(path, { ...((this.store.latest().resources[path] as Resource | undefined) ?? EMPTY), error });
    } finally {
      watch.busy = false;
      watch.fetchedAt = Date.now();
    }
    if (watch.readers === 0) return;
    this.#fetchDue(path, watch);
    this.#fetchByClock(path, watch);
  }

  /** While the line is down there is nobody to ask; when it opens again everything is due anyway. */
  #fetchByClock(path: string, watch: Watch): void {
    const { every } = watch.interest;
    clearTimeout(watch.clock);
    if (every === undefined) return;
    watch.clock = setTimeout(() => {
      if (this.store.latest().phase !== "connected") return;
      watch.due = true;
      this.#fetchDue(path, watch);
    }, every);
  }

  #put(path: string, resource: Resource): void {
    this.store.update((state) => ({ ...state, resources: { ...state.resources, [path]: resource } }));
  }

  #patch(part: Partial<LiveState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }
}

export const START: LiveState = {
  phase: "connecting",
  lostAt: undefined,
  heardAt: undefined,
  health: undefined,
  restartedAt: undefined,
  resources: {},
};

export const live = new Live();
