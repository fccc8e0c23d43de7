import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event as KaratEvent } from "../client/schema";
import { Live, START, backoff } from "./live";
import { Store } from "./store";

const event = (id: number, kind: KaratEvent["kind"]): KaratEvent => ({ id, ts: 0, bot: null, kind, text: "" });

/** A server of one stream and counted views, answering like the API does. */
class Server {
  readonly asked: string[] = [];
  readonly resumed: (string | null)[] = [];
  startedTs = 1;
  up = true;
  #controllers: ReadableStreamDefaultController<Uint8Array>[] = [];

  answer = async (path: string, init: RequestInit): Promise<Response> => {
    if (!this.up) throw new TypeError("refused");
    if (!path.endsWith("/stream")) {
      this.asked.push(path);
      return Response.json({ answer: this.asked.length });
    }
    this.resumed.push(new Headers(init.headers).get("Last-Event-ID"));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controllers.push(controller);
        init.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
        this.#send("hello", { version: "0", started_ts: this.startedTs, last_event_id: 4 });
      },
    });
    return new Response(body);
  };

  tell(told: KaratEvent): void {
    this.#send("event", told, `id: ${told.id}\n`);
  }

  hangUp(): void {
    this.#controllers.pop()?.close();
  }

  #send(name: string, data: unknown, id = ""): void {
    this.#controllers.at(-1)?.enqueue(new TextEncoder().encode(`event: ${name}\n${id}data: ${JSON.stringify(data)}\n\n`));
  }
}

let server: Server;
let live: Live;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  vi.stubGlobal("sessionStorage", { getItem: () => "token" });
  vi.stubGlobal("fetch", server.answer);
  live = new Live(new Store({ ...START }, (flush) => flush()));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

test("a view is asked for at once and again when an event concerns it, at most once per pause", async () => {
  live.watch("/fleet", { pause: 400, concerns: () => true });
  live.watch("/trades", { pause: 400, concerns: (kind) => kind === "exit" });
  await settle();
  expect(server.asked).toEqual(["/api/v1/fleet", "/api/v1/trades"]);
  for (let id = 1; id <= 20; id++) live.take(event(id, "marked"));
  await vi.advanceTimersByTimeAsync(399);
  expect(server.asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(server.asked.slice(2)).toEqual(["/api/v1/fleet"]);
  expect(live.resource("/fleet").data).toEqual({ answer: 3 });
});

test("a view that nobody reads is not asked for", async () => {
  const leave = live.watch("/fleet", { pause: 0, concerns: () => true });
  await settle();
  leave();
  live.take(event(1, "entry"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.asked).toHaveLength(1);
});

test("a lost line is reopened from the last event, and every view is asked again", async () => {
  live.watch("/fleet", { pause: 400, concerns: () => false });
  live.start();
  await settle();
  expect(live.store.get().phase).toBe("connected");
  server.tell(event(9, "entry"));
  await settle();
  const before = server.asked.length;
  server.up = false;
  server.hangUp();
  await settle();
  expect(live.store.get().phase).toBe("offline");
  expect(live.store.get().lostAt).toBeDefined();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(live.store.get().phase).toBe("offline");
  server.up = true;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(live.store.get().phase).toBe("connected");
  expect(server.resumed).toEqual([null, "9"]);
  expect(server.asked.length).toBeGreaterThan(before);
  expect(live.store.get().restartedAt).toBeUndefined();
});

test("a line that rests is opened again where it was", async () => {
  live.start();
  await settle();
  server.tell(event(9, "entry"));
  await settle();
  live.pause();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(server.resumed).toEqual([null]);
  expect(live.running).toBe(false);
  live.start();
  await settle();
  expect(server.resumed).toEqual([null, "9"]);
  expect(live.store.get().phase).toBe("connected");
});

test("another start of the process is told", async () => {
  live.start();
  await settle();
  server.startedTs = 77;
  server.hangUp();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(live.store.get().restartedAt).toBe(77);
});

test("a line that has fallen silent is given up and reopened", async () => {
  live.start();
  await settle();
  await vi.advanceTimersByTimeAsync(39_000);
  expect(server.resumed).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.resumed).toHaveLength(2);
});

test("a view that fails keeps its last value beside the error", async () => {
  live.watch("/fleet", { pause: 400, concerns: () => true });
  await settle();
  server.up = false;
  live.take(event(1, "entry"));
  await vi.advanceTimersByTimeAsync(400);
  const { data, error } = live.resource("/fleet");
  expect(data).toEqual({ answer: 1 });
  expect(error?.code).toBe("no_answer");
});

test("what no event tells of is asked for by the clock, while somebody looks and the line stands", async () => {
  live.start();
  const leave = live.watch("/data", { pause: 400, concerns: () => false, every: 5_000 });
  await vi.advanceTimersByTimeAsync(1_000); // the first question, and the one that the greeting brings
  const before = server.asked.length;
  live.take(event(1, "entry"));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.asked).toHaveLength(before);
  await vi.advanceTimersByTimeAsync(7_000);
  expect(server.asked).toHaveLength(before + 2);
  leave();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.asked).toHaveLength(before + 2);
});

test("pauses between attempts grow and are bounded", () => {
  expect(backoff(0, 0)).toBe(375);
  expect(backoff(0, 0.999)).toBeLessThan(625);
  expect(backoff(3, 0.5)).toBe(4_000);
  expect(backoff(50, 0.999)).toBeLessThanOrEqual(12_500);
});
