/** Which page the address names. */
import { useEffect, useState } from "react";
import { takeToken } from "./client/http";
import { Link } from "./components/link";
import { Shell } from "./components/shell";
import { useKeys } from "./lib/keys";
import { live } from "./lib/live";
import { usePath } from "./lib/router";
import { useLive } from "./lib/use-live";
import { BotPage } from "./routes/bot";
import { Bots } from "./routes/bots";
import { DataPage } from "./routes/data";
import { Overview } from "./routes/overview";
import { SignIn } from "./routes/sign-in";
import { TradesPage } from "./routes/trades";

export function App() {
  const [known, setKnown] = useState(() => takeToken() !== null);
  const refused = useLive((state) => state.phase === "refused");
  useEffect(() => {
    if (known) live.start();
  }, [known]);
  if (!known || refused) {
    const enter = () => {
      setKnown(true);
      live.start();
    };
    return <SignIn refused={known && refused} onDone={enter} />;
  }
  return <Pages />;
}

const HIDDEN_MS = 60_000;

/** A tab in the background gives its line back: a browser holds six to one address, all tabs together. */
function useRestInBackground(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const change = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => live.pause(), HIDDEN_MS);
      else if (!live.running) live.start();
    };
    document.addEventListener("visibilitychange", change);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", change);
    };
  }, []);
}

function Pages() {
  useRestInBackground();
  useKeys();
  const path = usePath();
  const { title, page } = pageOf(path);
  useEffect(() => {
    document.title = `${title}, Karat`;
  }, [title]);
  return <Shell title={title}>{page}</Shell>;
}

function pageOf(path: string) {
  const bot = /^\/bots\/([^/]+)$/.exec(path)?.[1];
  if (bot !== undefined) {
    const id = decodeURIComponent(bot);
    return { title: "Bot", page: <BotPage key={id} id={id} /> };
  }
  if (path === "/") return { title: "Overview", page: <Overview /> };
  if (path === "/bots") return { title: "Bots", page: <Bots /> };
  if (path === "/data") return { title: "Data", page: <DataPage /> };
  if (path === "/trades") return { title: "Trades", page: <TradesPage /> };
  return {
    title: "Not found",
    page: (
      <p className="text-text-2">
        There is no page at this address. <Link href="/">To the overview</Link>
      </p>
    ),
  };
}
