/** The frame: rail or tabs, top bar, the state of the line. */
import type { ReactNode } from "react";
import { fixed } from "../lib/format";
import { prefer, toggleTheme, usePreferences } from "../lib/preferences";
import { usePath } from "../lib/router";
import { age, clockSeconds, zoneName } from "../lib/time";
import { useNow } from "../lib/use-now";
import { useFleet, useLive } from "../lib/use-live";
import { Display } from "./display";
import { Icon, Mark, Sign } from "./icons";
import { Link } from "./link";

const PLACES = [
  { href: "/", name: "Overview", icon: "overview", key: "o" },
  { href: "/bots", name: "Bots", icon: "bots", key: "b" },
  { href: "/trades", name: "Trades", icon: "trades", key: "x" },
  { href: "/data", name: "Data", icon: "data", key: "d" },
] as const;

const isHere = (href: string, path: string): boolean => (href === "/" ? path === "/" : path.startsWith(href));

export function Shell({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-h-screen pb-[calc(var(--k-tabbar)+0.25rem)] wide:grid wide:grid-cols-[var(--k-rail)_minmax(0,1fr)] wide:pb-0">
      <a href="#content" className="visually-hidden focus:not-sr-only">
        To the content
      </a>
      <Rail />
      <div className="min-w-0">
        <TopBar title={title} />
        <LineBar />
        <main id="content" className="max-w-[105rem] p-3 wide:px-5 wide:pt-4 wide:pb-7" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Tabs />
    </div>
  );
}

function Rail() {
  const path = usePath();
  const bots = useFleet().data?.bots.length;
  const health = useLive((state) => state.health);
  return (
    <nav
      aria-label="Main"
      className="sticky top-0 z-(--k-z-rail) hidden h-screen flex-col border-r border-line bg-surface px-2 wide:flex"
    >
      <div className="flex h-(--k-topbar) items-center gap-2 px-2 text-[0.9375rem] font-semibold">
        <Mark /> Karat
      </div>
      {PLACES.map((place) => (
        <Link
          key={place.href}
          href={place.href}
          aria-current={isHere(place.href, path) ? "page" : undefined}
          className="mb-px flex h-8 items-center gap-2.5 rounded-[6px] px-2 text-text-2 hover:bg-surface-2 hover:no-underline aria-[current]:bg-surface-3 aria-[current]:font-medium aria-[current]:text-text"
        >
          <Icon name={place.icon} />
          {place.name}
          {place.href === "/bots" && bots !== undefined && (
            <span className="figure ml-auto text-2xs text-text-3">{bots}</span>
          )}
        </Link>
      ))}
      {health && (
        <div className="mt-auto px-2 py-3 text-2xs leading-relaxed text-text-3">
          karat {health.version}
          <br />
          press <kbd className="keycap">?</kbd> for keys
        </div>
      )}
    </nav>
  );
}

function Tabs() {
  const path = usePath();
  return (
    <nav
      aria-label="Main, tabs"
      className="fixed inset-x-0 bottom-0 z-(--k-z-rail) grid h-(--k-tabbar) grid-cols-4 border-t border-line bg-surface wide:hidden"
    >
      {PLACES.map((place) => (
        <Link
          key={place.href}
          href={place.href}
          aria-current={isHere(place.href, path) ? "page" : undefined}
          className="flex flex-col items-center justify-center gap-1 text-2xs text-text-2 hover:no-underline aria-[current]:font-medium aria-[current]:text-accent"
        >
          <Icon name={place.icon} />
          {place.name}
        </Link>
      ))}
    </nav>
  );
}

function TopBar({ title }: { title: string }) {
  const fleet = useFleet().data;
  const modes = [...new Set(fleet?.bots.map((bot) => bot.mode))];
  const { theme } = usePreferences();
  return (
    <header className="sticky top-0 z-(--k-z-sticky) flex h-(--k-topbar) items-center gap-2 border-b border-line bg-surface px-3 wide:gap-3 wide:px-5">
      <span className="wide:hidden max-[24rem]:hidden">
        <Mark />
      </span>
      <h1 className="truncate">{title}</h1>
      {fleet && <span className="chip chip-simulated">{fleet.data_label}</span>}
      {modes.includes("paper") && <span className="chip max-[24rem]:hidden">Paper</span>}
      {modes.includes("shadow") && <span className="chip max-[24rem]:hidden">Shadow</span>}
      {modes.includes("live") && <span className="chip">Live</span>}
      <span className="grow" />
      <Clock />
      <Connection />
      <button
        type="button"
        className="button button-quiet max-[30rem]:hidden"
        onClick={toggleTheme}
        aria-label={theme === "dark" ? "Light theme" : "Dark theme"}
        title="Theme (t)"
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
      <Display />
    </header>
  );
}

function Clock() {
  const { zone } = usePreferences();
  const now = useNow(1_000);
  return (
    <button
      type="button"
      className="button button-quiet figure hidden text-sm font-normal broad:inline-flex"
      onClick={() => prefer({ zone: zone === "utc" ? "local" : "utc" })}
      title="Local time or UTC (u)"
    >
      <span className="text-text">{clockSeconds(now, zone)}</span>
      <span className="text-text-3">{zoneName(zone, now)}</span>
    </button>
  );
}

function Connection() {
  const phase = useLive((state) => state.phase);
  if (phase === "connected") {
    return (
      <span className="chip bg-pass-bg text-pass">
        <Sign status="pass" size={12} label="" />
        <span className="max-[30rem]:sr-only">Connected</span>
      </span>
    );
  }
  return (
    <span className="chip bg-stale-bg text-stale">
      <Sign status="stale" size={12} label="" />
      <span className="max-[30rem]:sr-only">{phase === "offline" ? "Not connected" : "Connecting"}</span>
    </span>
  );
}

/** Across every page: the line is down, or Karat has just come back. */
function LineBar() {
  const phase = useLive((state) => state.phase);
  const lostAt = useLive((state) => state.lostAt);
  const restartedAt = useLive((state) => state.restartedAt);
  const recovering = useFleet().data?.bots.filter((bot) => bot.state === "starting").length ?? 0;
  const { zone } = usePreferences();
  const watching = phase === "offline" || restartedAt !== undefined;
  const now = useNow(watching ? 1_000 : undefined);
  if (phase === "offline" && lostAt !== undefined) {
    return (
      <Bar status="stale" look="bg-stale-bg text-stale">
        Not connected since {clockSeconds(lostAt, zone)} ({age(now - lostAt)}): figures are old. Trying again. In the
        terminal: <code>karat serve</code>
      </Bar>
    );
  }
  const fresh = restartedAt !== undefined && now - restartedAt < 120_000;
  if (restartedAt !== undefined && (recovering > 0 || fresh)) {
    return (
      <Bar status="info" look="bg-info-bg text-info">
        Restarted {clockSeconds(restartedAt, zone)}
        {recovering > 0 ? `, ${fixed(recovering, 0)} recovering: entries wait` : ", every bot has recovered"}
      </Bar>
    );
  }
  return null;
}

function Bar({ status, look, children }: { status: "stale" | "info"; look: string; children: ReactNode }) {
  return (
    <div role="status" className={`flex items-center gap-2 border-b border-line px-3 py-2 wide:px-5 ${look}`}>
      <Sign status={status} label="" />
      <span>{children}</span>
    </div>
  );
}
