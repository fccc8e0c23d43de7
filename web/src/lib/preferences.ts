/** What a person chose for this browser: theme, profit colours, zone. Kept in localStorage where there is one. */
import { Store, useStore } from "./store";
import type { Zone } from "./time";

export const THEMES = ["dark", "light"] as const;
export const PALETTES = ["default", "blue-orange", "red-up"] as const;
export type Theme = (typeof THEMES)[number];
export type Palette = (typeof PALETTES)[number];

export interface Preferences {
  readonly theme: Theme;
  readonly pnl: Palette;
  readonly zone: Zone;
}

function kept(name: string): string | null {
  try {
    return localStorage.getItem(`karat.${name}`);
  } catch {
    return null;
  }
}

function initial(): Preferences {
  const root = document.documentElement.dataset;
  return {
    theme: root["theme"] === "light" ? "light" : "dark",
    pnl: PALETTES.find((name) => name === root["pnl"]) ?? "default",
    zone: kept("zone") === "utc" ? "utc" : "local",
  };
}

const store = new Store<Preferences>(initial(), (flush) => flush());

export function prefer(part: Partial<Preferences>): void {
  store.update((state) => ({ ...state, ...part }));
  const { theme, pnl, zone } = store.get();
  const root = document.documentElement.dataset;
  root["theme"] = theme;
  if (pnl === "default") delete root["pnl"];
  else root["pnl"] = pnl;
  try {
    for (const [name, value] of Object.entries({ theme, pnl, zone })) localStorage.setItem(`karat.${name}`, value);
  } catch {
    // Storage is switched off: the choice holds until the page is closed.
  }
}

export const toggleTheme = (): void => prefer({ theme: store.get().theme === "dark" ? "light" : "dark" });
export const toggleZone = (): void => prefer({ zone: store.get().zone === "utc" ? "local" : "utc" });

export function usePreferences(): Preferences {
  return useStore(store, (state) => state);
}

export const useZone = (): Zone => useStore(store, (state) => state.zone);
