/** How the page looks to this person: theme, profit colours, zone, keys. */
import { useEffect, useRef } from "react";
import { PALETTES, type Palette, THEMES, prefer, usePreferences } from "../lib/preferences";
import { Icon } from "./icons";

const PALETTE_NAMES: Record<Palette, string> = {
  default: "Green up",
  "blue-orange": "Blue up",
  "red-up": "Red up",
};

const KEYS: readonly (readonly [string, string])[] = [
  ["g o", "Overview"],
  ["g b", "Bots"],
  ["g x", "Trades"],
  ["g d", "Data"],
  ["j k", "Next or previous row"],
  ["Enter", "Open the row"],
  ["/", "Filter bots or data"],
  ["t", "Dark or light"],
  ["u", "Local time or UTC"],
  ["?", "This list"],
];

export const DISPLAY_EVENT = "karat:display";

export function Display() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { theme, pnl, zone } = usePreferences();
  useEffect(() => {
    const open = () => dialog.current?.showModal();
    addEventListener(DISPLAY_EVENT, open);
    return () => removeEventListener(DISPLAY_EVENT, open);
  }, []);
  return (
    <>
      <button
        type="button"
        className="button button-quiet"
        aria-label="Display and keys"
        title="Display and keys (?)"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="sliders" />
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="display-title"
        className="panel m-auto w-[min(26rem,calc(100vw-1.5rem))] text-text shadow-(--k-shadow)"
        onClick={(event) => event.target === dialog.current && dialog.current?.close()}
      >
        <div className="panel-head">
          <h2 id="display-title">Display and keys</h2>
          <span className="grow" />
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        <div className="grid gap-3 px-3.5 py-3">
          <Choice name="Theme" options={THEMES} value={theme} say={(x) => (x === "dark" ? "Dark" : "Light")} choose={(x) => prefer({ theme: x })} />
          <Choice name="Profit and loss" options={PALETTES} value={pnl} say={(x) => PALETTE_NAMES[x]} choose={(x) => prefer({ pnl: x })} />
          <div className="figure flex justify-end gap-4">
            <span className="text-gain">+383.24</span>
            <span className="text-loss">−517.97</span>
          </div>
          <Choice name="Times" options={["local", "utc"] as const} value={zone} say={(x) => (x === "utc" ? "UTC" : "Local")} choose={(x) => prefer({ zone: x })} />
        </div>
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 border-t border-line px-3.5 py-3">
          {KEYS.map(([keys, meaning]) => (
            <div key={keys} className="contents">
              <dt className="flex gap-1">
                {keys.split(" ").map((key) => (
                  <kbd key={key} className="keycap">
                    {key}
                  </kbd>
                ))}
              </dt>
              <dd className="text-text-2">{meaning}</dd>
            </div>
          ))}
        </dl>
      </dialog>
    </>
  );
}

function Choice<Value extends string>({
  name,
  options,
  value,
  say,
  choose,
}: {
  name: string;
  options: readonly Value[];
  value: Value;
  say: (value: Value) => string;
  choose: (value: Value) => void;
}) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-2" role="group" aria-label={name}>
      <span className="text-text-2">{name}</span>
      <span className="segments">
        {options.map((option) => (
          <button key={option} type="button" aria-pressed={option === value} onClick={() => choose(option)}>
            {say(option)}
          </button>
        ))}
      </span>
    </div>
  );
}
