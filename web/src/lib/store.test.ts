import { expect, test } from "vitest";
import { Store } from "./store";

interface Counter {
  readonly left: number;
  readonly right: { readonly value: number };
}

/** A schedule that a test turns by hand. */
function frames() {
  const waiting: (() => void)[] = [];
  return {
    schedule: (flush: () => void) => void waiting.push(flush),
    turn: () => waiting.splice(0).forEach((flush) => flush()),
    waiting,
  };
}

const START: Counter = { left: 0, right: { value: 0 } };

test("many changes in one frame are told once, and all are there", () => {
  const { schedule, turn, waiting } = frames();
  const store = new Store(START, schedule);
  let told = 0;
  store.subscribe(() => told++);
  for (let n = 0; n < 20; n++) store.update((state) => ({ ...state, left: state.left + 1 }));
  expect(waiting).toHaveLength(1);
  expect(store.get().left).toBe(0);
  expect(store.latest().left).toBe(20);
  turn();
  expect(store.get().left).toBe(20);
  expect(told).toBe(1);
});

test("a change that changes nothing is not told", () => {
  const { schedule, turn, waiting } = frames();
  const store = new Store(START, schedule);
  store.update((state) => state);
  expect(waiting).toHaveLength(0);
  turn();
  expect(store.get()).toBe(START);
});

test("parts that did not change stay the same object", () => {
  const { schedule, turn } = frames();
  const store = new Store(START, schedule);
  store.update((state) => ({ ...state, left: 1 }));
  turn();
  expect(store.get().right).toBe(START.right);
});

test("who has left is not told", () => {
  const { schedule, turn } = frames();
  const store = new Store(START, schedule);
  let told = 0;
  const leave = store.subscribe(() => told++);
  leave();
  store.update((state) => ({ ...state, left: 1 }));
  turn();
  expect(told).toBe(0);
});

test("a change made while telling waits for the next frame", () => {
  const { schedule, turn } = frames();
  const store = new Store(START, schedule);
  store.subscribe(() => store.get().left === 1 && store.update((state) => ({ ...state, left: 2 })));
  store.update((state) => ({ ...state, left: 1 }));
  turn();
  expect(store.get().left).toBe(1);
  turn();
  expect(store.get().left).toBe(2);
});
