/** The wall clock, as often as asked. */
import { useEffect, useState } from "react";

/** The time now, renewed every `every` ms; without it, the time of the first render. */
export function useNow(every: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (every === undefined) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
