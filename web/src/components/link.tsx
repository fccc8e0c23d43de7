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

/** The name of a bot, opening it; a long name is cut where room is short and told in full by the title. `fills`: it has
 *  what its cell has, and no more. */
export function BotName({ id, name, fills = false }: { id: string; name: string; fills?: boolean }) {
  const room = fills ? "block" : "inline-block max-w-32 align-bottom @min-[60rem]:max-w-56";
  return (
    <Link href={botPath(id)} title={name} className={`${room} truncate`}>
      {name}
    </Link>
  );
}

export const botPath = (id: string): string => `/bots/${encodeURIComponent(id)}`;
