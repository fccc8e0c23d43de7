/** Figures that live: aligned, tinted after rounding, underlined for a moment when they change. */
import { useRef } from "react";
import { NOTHING, type Figure as Value, isDefined, profit, reasonOf, tone } from "../lib/format";

const TINTS = { gain: "text-gain", loss: "text-loss", even: "" } as const;

/** Text that is underlined for a moment when it differs from what was shown before. */
export function Live({ text, className = "", title }: { text: string; className?: string; title?: string | undefined }) {
  // Kept from one text to the next, so that a render that changes nothing does not cut the line off.
  const shown = useRef({ text, changed: false });
  if (shown.current.text !== text) shown.current = { text, changed: true };
  return (
    <span className={`figure ${className}`} title={title}>
      <span key={text} className={shown.current.changed ? "tick" : undefined}>
        {text}
      </span>
    </span>
  );
}

/** A figure by its formatter; one that does not exist is "—" and says why. */
export function Figure({
  value,
  format,
  tinted = false,
  className = "",
}: {
  value: Value;
  format: (value: Value) => string;
  tinted?: boolean;
  className?: string;
}) {
  const why = reasonOf(value);
  if (why !== undefined) {
    return (
      <span className={`figure text-text-3 ${className}`} title={why}>
        {NOTHING}
        <span className="visually-hidden"> {why}</span>
      </span>
    );
  }
  const text = format(value);
  return <Live text={text} className={`${tinted ? TINTS[tone(value, text)] : ""} ${className}`} />;
}

/** Money won or lost: signed, tinted. */
export function Profit({ value, className = "" }: { value: Value; className?: string }) {
  return <Figure value={value} format={profit} tinted className={className} />;
}

/** The reason beside a missing figure, where there is room for words. */
export function Why({ value }: { value: Value }) {
  return isDefined(value) ? null : <span className="text-text-3">{value.undefined}</span>;
}
