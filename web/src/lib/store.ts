/**
 * A store outside React. Changes are gathered and told once per frame, so that twenty events a second cost at most one
 * render a frame; readers are told only when the part they select has changed.
 */
import { useSyncExternalStore } from "react";

export type Schedule = (flush: () => void) => void;

/** The next frame; a page in the background has no frames, so a timer then. */
export const nextFrame: Schedule = (flush) => {
  if (document.hidden) setTimeout(flush, 250);
  else requestAnimationFrame(flush);
};

export class Store<State extends object> {
  #state: State;
  #pending: State;
  #scheduled = false;
  readonly #listeners = new Set<() => void>();
  readonly #schedule: Schedule;

  constructor(initial: State, schedule: Schedule = nextFrame) {
    this.#state = initial;
    this.#pending = initial;
    this.#schedule = schedule;
  }

  /** What readers see: the state as of the last frame. */
  get = (): State => this.#state;

  /** What the next frame will show; changes build on it. */
  latest = (): State => this.#pending;

  update(change: (state: State) => State): void {
    const changed = change(this.#pending);
    if (changed === this.#pending) return;
    this.#pending = changed;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#flush);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#state === this.#pending) return;
    this.#state = this.#pending;
    for (const listener of [...this.#listeners]) listener();
  };
}

/** The selected part of a store. `select` must return the same object while nothing in it changed. */
export function useStore<State extends object, Part>(store: Store<State>, select: (state: State) => Part): Part {
  const read = () => select(store.get());
  return useSyncExternalStore(store.subscribe, read, read);
}
