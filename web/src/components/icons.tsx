/** Signs. A status is a shape first, then a colour; lines are places to go. */
import type { ReactNode } from "react";
import type { DataStatus } from "../lib/data";

const NAMES: Record<DataStatus, string> = {
  missing: "missing",
  pass: "in order",
  fail: "fails",
  warn: "warning",
  stale: "old",
  info: "information",
  none: "not known",
};

const SHAPES: Record<DataStatus, ReactNode> = {
  missing: (
    <>
      <path d="M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2l-3.4-3.4V5.2z" fill="none" stroke="var(--k-fail)" strokeWidth="1.6" strokeDasharray="2.6 2" />
      <path d="M5.2 8h5.6" stroke="var(--k-fail)" strokeWidth="1.9" />
    </>
  ),
  pass: (
    <>
      <circle cx="8" cy="8" r="7" fill="var(--k-pass)" />
      <path d="m4.7 8.3 2.2 2.2 4.4-4.9" fill="none" stroke="var(--k-surface)" strokeWidth="1.9" />
    </>
  ),
  fail: (
    <>
      <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="var(--k-fail)" />
      <path d="m5.3 5.3 5.4 5.4M10.7 5.3l-5.4 5.4" stroke="var(--k-surface)" strokeWidth="1.9" />
    </>
  ),
  warn: (
    <>
      <path d="M8 1.5 15.2 14H.8z" fill="var(--k-warn)" />
      <path d="M8 6v3.6M8 11.7v.1" stroke="var(--k-surface)" strokeWidth="1.8" />
    </>
  ),
  stale: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--k-stale)" strokeWidth="1.6" />
      <path d="M8 4.5V8l2.4 1.6" fill="none" stroke="var(--k-stale)" strokeWidth="1.6" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--k-info)" strokeWidth="1.6" />
      <path d="M8 7.4v4M8 4.9v.1" stroke="var(--k-info)" strokeWidth="1.8" />
    </>
  ),
  none: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--k-text-3)" strokeWidth="1.6" strokeDasharray="2.4 2.2" />
      <path d="M5.2 8h5.6" stroke="var(--k-text-3)" strokeWidth="1.8" />
    </>
  ),
};

/** A status by its shape. An empty `label` says that the words beside it tell the same. */
export function Sign({ status, size = 14, label }: { status: DataStatus; size?: number; label?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      {...(label === "" ? { "aria-hidden": true } : { role: "img", "aria-label": label ?? NAMES[status] })}
      strokeLinecap="round"
      strokeLinejoin="round"
      className="shrink-0"
    >
      {SHAPES[status]}
    </svg>
  );
}

const PATHS = {
  overview: "M2.5 9.5 8 4l5.5 5.5M4 8.5V13h8V8.5",
  bots: "M3.5 6h9v6.5h-9zM8 6V3.2M6.2 9v.6M9.8 9v.6M1.8 8.4v2M14.2 8.4v2",
  trades: "M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13",
  data: "M3 4.2C3 3 5.2 2.2 8 2.2s5 .8 5 2-2.2 2-5 2-5-.8-5-2v7.6c0 1.2 2.2 2 5 2s5-.8 5-2V4.2M3 8c0 1.2 2.2 2 5 2s5-.8 5-2",
  chevron: "m6 3.5 4.5 4.5L6 12.5",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6",
  sliders: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.4v3.2M6 9.4v3.2",
  back: "M9.5 3.5 5 8l4.5 4.5",
} as const;

export function Icon({ name, size = 16 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

const FACETS = Array.from({ length: 24 }, (_, index) => index * 15);

/** The mark: twenty-four facets, one per karat, and the K. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 22 22" aria-hidden="true" stroke="var(--k-gold-solid)" fill="none">
      {FACETS.map((angle) => (
        <path key={angle} d="M11 2.2v3" transform={`rotate(${angle} 11 11)`} strokeWidth="1.5" />
      ))}
      <path
        d="M8.6 7.2v7.6M13.6 7.2 8.8 11.2l5 3.6"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

/** Direction by word and arrow, never by colour. */
export function SideWord({ side }: { side: "long" | "short" }) {
  return (
    <span className="inline-flex items-center gap-[5px] whitespace-nowrap text-text-2">
      <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true" fill="currentColor">
        <path d={side === "long" ? "M4 1 7.5 7h-7z" : "M4 7 .5 1h7z"} />
      </svg>
      {side === "long" ? "Long" : "Short"}
    </span>
  );
}
