/** A link within the page: an ordinary address, so that it can be opened elsewhere, copied and gone back from. */
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { go } from "../lib/router";

export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

export const botPath = (id: string): string => `/bots/${encodeURIComponent(id)}`;
