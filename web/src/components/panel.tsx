/** A panel and its states: loading, empty, old, failed. The last value stays visible while a newer one is awaited. */
import { Component, type ReactNode } from "react";
import { age } from "../lib/time";
import { live } from "../lib/live";
import { useNow } from "../lib/use-now";
import { type View, useLive } from "../lib/use-live";
import { Sign } from "./icons";
import { Words } from "./words";

export function Panel({
  title,
  note,
  actions,
  children,
  className = "",
  view,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  view?: View<unknown>;
}) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return (
    <section className={`panel @container flex flex-col ${className}`} aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="text-xs text-text-3">{note}</span>}
        <span className="grow" />
        {view && <Age view={view} />}
        {actions}
      </div>
      <Boundary>{children}</Boundary>
    </section>
  );
}

/** A mistake in one panel stays in that panel. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="flex flex-wrap items-center gap-3 px-3.5 py-3" role="alert">
        <Sign status="fail" />
        <span className="grow">This panel failed. The others still work.</span>
        <button type="button" className="button" onClick={() => this.setState({ failed: false })}>
          Retry
        </button>
      </div>
    );
  }
}

/** Shown only when the panel's figures are old: the line is down, or the last question failed. */
function Age({ view }: { view: View<unknown> }) {
  const offline = useLive((state) => state.phase === "offline");
  const old = view.receivedAt !== undefined && (offline || view.error !== undefined);
  const now = useNow(old ? 1_000 : undefined);
  if (!old || view.receivedAt === undefined) return null;
  return (
    <span className="figure inline-flex items-center gap-1.5 text-xs text-stale">
      <Sign status="stale" size={12} /> {age(now - view.receivedAt)} old
    </span>
  );
}

/** What a panel shows while it has no value, or `children` with the value it has. */
export function PanelState<T>({
  view,
  lines,
  children,
  empty,
}: {
  view: View<T>;
  lines: number;
  children: (data: T) => ReactNode;
  empty?: { readonly when: (data: T) => boolean; readonly show: ReactNode };
}) {
  const offline = useLive((state) => state.phase === "offline"); // the bar above has said it
  if (view.data === undefined) {
    return view.error ? <Failed view={view} /> : <Skeleton lines={lines} />;
  }
  return (
    <>
      {view.error && !offline && <Failed view={view} kept />}
      {empty?.when(view.data) ? <div className="grow px-3.5 py-4 text-text-2">{empty.show}</div> : children(view.data)}
    </>
  );
}

export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className="grid gap-2.5 px-3.5 py-3" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton h-[1.125rem]" />
      ))}
    </div>
  );
}

function Failed({ view, kept = false }: { view: View<unknown>; kept?: boolean }) {
  const error = view.error;
  if (!error) return null;
  return (
    <div className="grid grid-cols-[auto_1fr_auto] items-center gap-3 border-b border-line px-3.5 py-2.5" role="alert">
      <Sign status="fail" />
      <span className="min-w-0">
        {error.message}{" "}
        <span className="text-text-2">
          <Words text={error.hint} />
        </span>
        {kept && <span className="text-text-2"> The last figures stay below.</span>}
        {error.requestId && (
          <span className="block text-xs text-text-3">
            Request <code>{error.requestId}</code>
          </span>
        )}
      </span>
      <button type="button" className="button" onClick={() => live.retry(view.path)}>
        Retry
      </button>
    </div>
  );
}
