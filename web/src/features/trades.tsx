/** Closed trades, newest first. */
import type { Bot, Trade } from "../client/schema";
import { Figure, Profit } from "../components/figure";
import { SideWord } from "../components/icons";
import { BotName, Link, botPath } from "../components/link";
import { multiple, price, quantity, symbolOf, words } from "../lib/format";
import { useZone } from "../lib/preferences";
import { moment } from "../lib/time";
import { useHeld } from "../lib/use-held";
import { CardRisk } from "./positions";

/** Shown where the panel has room for it; elsewhere the page of all trades has it. */
const ROOM = "hidden @min-[54rem]:table-cell";

export function Trades({ rows, bots }: { rows: readonly Trade[]; bots: ReadonlyMap<string, Bot> | undefined }) {
  const { rows: shown, waiting, surround } = useHeld(rows, (trade) => trade.sequence);
  const newest = shown[0]?.exit_ts ?? 0;
  const name = (row: Trade): string => bots?.get(row.bot)?.name ?? row.bot;
  return (
    <div {...surround} className="relative grow">
      {waiting > 0 && <Waiting amount={waiting} />}
      <div className="hidden overflow-x-auto @min-[46rem]:block">
        <table className="table">
          <caption className="visually-hidden">Closed trades, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Closed</th>
              <th scope="col">{bots ? "Bot" : "Trade"}</th>
              <th scope="col">Market</th>
              <th scope="col">Side</th>
              <th scope="col" className={`right ${ROOM}`}>
                Size
              </th>
              <th scope="col" className="right">Entry</th>
              <th scope="col" className="right">Exit</th>
              <th scope="col">Closed by</th>
              <th scope="col" className="right">R</th>
              <th scope="col" className="right">Result</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row key={row.sequence} row={row} now={newest} name={bots ? name(row) : undefined} />
            ))}
          </tbody>
        </table>
      </div>
      <ul className="@min-[46rem]:hidden">
        {shown.map((row) => (
          <Card key={row.sequence} row={row} now={newest} name={bots ? name(row) : undefined} />
        ))}
      </ul>
    </div>
  );
}

export function Waiting({ amount }: { amount: number }) {
  return (
    <span className="chip absolute top-1 right-3.5 z-10 bg-accent-bg text-accent" role="status">
      {amount} new
    </span>
  );
}

function Row({ row, now, name }: { row: Trade; now: number; name: string | undefined }) {
  const zone = useZone();
  return (
    <tr data-row>
      <td className="figure text-text-2">{moment(row.exit_ts, zone, now)}</td>
      {name !== undefined ? (
        <td>
          <BotName id={row.bot} name={name} /> <span className="hidden text-text-3 @min-[54rem]:inline">#{row.id}</span>
        </td>
      ) : (
        <td className="figure text-text-3">#{row.id}</td>
      )}
      <td className="font-medium">{symbolOf(row.market)}</td>
      <td>
        <SideWord side={row.side} />
      </td>
      <td className={`right ${ROOM}`}>{quantity(row.quantity, row.quantity_step)}</td>
      <td className="right">{price(row.entry_price, row.price_tick)}</td>
      <td className="right">{price(row.exit_price, row.price_tick)}</td>
      <td className="text-text-2">{words(row.reason)}</td>
      <td className="right">
        <Figure value={row.r} format={multiple} />
      </td>
      <td className="right">
        <Profit value={row.pnl} />
      </td>
    </tr>
  );
}

function Card({ row, now, name }: { row: Trade; now: number; name: string | undefined }) {
  const zone = useZone();
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-3 py-2.5 last:border-b-0">
      <span className="flex min-w-0 items-center gap-x-2">
        <span className="font-semibold">{symbolOf(row.market)}</span>
        <SideWord side={row.side} />
      </span>
      <span className="text-right">
        <Profit value={row.pnl} /> <span className="text-xs text-text-3">{row.currency}</span>
      </span>
      <span className="min-w-0 truncate text-text-3">
        {name !== undefined && <Link href={botPath(row.bot)}>{name}</Link>} #{row.id}
      </span>
      <span className="figure text-right text-text-2">
        {words(row.reason)}, {moment(row.exit_ts, zone, now)}
      </span>
      <span className="col-span-2 flex flex-wrap justify-between gap-x-2.5 text-text-2">
        <span className="figure">
          {quantity(row.quantity, row.quantity_step)}, {price(row.entry_price, row.price_tick)} to{" "}
          {price(row.exit_price, row.price_tick)}
        </span>
        <CardRisk r={row.r} />
      </span>
    </li>
  );
}
