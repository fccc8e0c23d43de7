/** Single keys. None of them trades; none works while a person types. */
import { useEffect } from "react";
import { DISPLAY_EVENT } from "../components/display";
import { toggleTheme, toggleZone } from "./preferences";
import { go } from "./router";

const GO: Readonly<Record<string, string>> = { o: "/", b: "/bots", x: "/trades", d: "/data" };
const CHORD_MS = 1_200;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function moveRow(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>("[data-row] a")].filter((link) => link.offsetParent !== null);
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next]?.focus();
}

const KEYS: Readonly<Record<string, () => void>> = {
  t: toggleTheme,
  u: toggleZone,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  "?": () => dispatchEvent(new Event(DISPLAY_EVENT)),
  "/": () => document.querySelector<HTMLElement>("[data-filter]")?.focus(),
};

export function useKeys(): void {
  useEffect(() => {
    let chordUntil = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const place = performance.now() < chordUntil ? GO[event.key] : undefined;
      chordUntil = event.key === "g" ? performance.now() + CHORD_MS : 0;
      if (place !== undefined) {
        go(place);
        return;
      }
      const act = KEYS[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
