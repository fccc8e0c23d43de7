/** A name that opens what belongs to it; its address opens it too, so that it can be sent to somebody. */
import type { MouseEvent, ReactNode } from "react";

export function OpenLink({ name, open, toggle, children }: {
  name: string;
  open: boolean;
  toggle: (key: string) => void;
  children: ReactNode;
}) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    toggle(open ? "" : name);
  };
  return (
    <a
      href={`/data?open=${encodeURIComponent(name)}`}
      onClick={follow}
      aria-expanded={open}
      className="-mx-1.5 flex min-h-(--k-target) w-fit max-w-full items-center gap-2 rounded-[4px] px-1.5 text-text-2 hover:bg-surface-3 hover:no-underline"
    >
      {children}
    </a>
  );
}
