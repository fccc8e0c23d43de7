/** Open positions: those without a stop first, sums below. On a phone each is a card of two lines. */
import type { Bot, Fleet, Position } from "../client/schema";
import { Figure, Live, Profit } from "../components/figure";
import { SideWord, Sign } from "../components/icons";
import { BotName, Link, botPath } from "../components/link";
import { Panel, PanelState } from "../components/panel";
import { isDefined, multiple, percent, plural, price, quantity, signed, symbolOf } from "../lib/format";
import type { View } from "../lib/use-live";

export function PositionsPanel({
  positions,
  fleet,
  className,
}: {
  positions: View<readonly Position[]>;
  fleet: Fleet | undefined;
  className?: string;
}) {
  return (
    <Panel
      title="Open positions"
      note={positions.data ? String(positions.data.length) : undefined}
      view={positions}
      {...(className ? { className } : {})}
    >
      <PanelState
        view={positions}
        lines={5}
        empty={{ when: (data) => data.length === 0, show: "No position is open. Entries come with the next signal that passes every filter." }}
      >
        {(data) => <Positions rows={ordered(data)} bots={new Map(fleet?.bots.map((bot) => [bot.id, bot]))} />}
      </PanelState>
    </Panel>
  );
}

/** Positions without a stop first; otherwise as the server has them. */
function ordered(rows: readonly Position[]): readonly Position[] {
  const unbounded = (row: Position): number => (row.stop_price === null ? 0 : 1);
  return [...rows].sort((a, b) => unbounded(a) - unbounded(b));
}

interface Sum {
  readonly currency: string;
  readonly open: number;
  readonly atStops: number;
  readonly stops: number;
  readonly rows: number;
}

/** Sums per currency: amounts of different currencies are never added. */
export function sums(rows: readonly Position[]): readonly Sum[] {
  const found = new Map<string, Sum>();
  for (const row of rows) {
    const sum = found.get(row.currency) ?? { currency: row.currency, open: 0, atStops: 0, stops: 0, rows: 0 };
    found.set(row.currency, {
      ...sum,
      open: sum.open + row.open_pnl,
      atStops: sum.atStops + (isDefined(row.at_stop) ? row.at_stop : 0),
      stops: sum.stops + (isDefined(row.at_stop) ? 1 : 0),
      rows: sum.rows + 1,
    });
  }
  return [...found.values()];
}

export function Positions({ rows, bots }: { rows: readonly Position[]; bots: ReadonlyMap<string, Bot> }) {
  const name = (row: Position): string => bots.get(row.bot)?.name ?? row.bot;
  return (
    <>
      <div className="hidden overflow-x-auto @min-[46rem]:block">
        <table className="table">
          <caption className="visually-hidden">Open positions</caption>
          <thead>
            <tr>
              <th scope="col">Bot</th>
              <th scope="col">Market</th>
              <th scope="col">Side</th>
              <th scope="col" className="right">Size</th>
              <th scope="col" className="right">Entry</th>
              <th scope="col" className="right">Mark</th>
              <th scope="col" className="right">Open</th>
              <th scope="col" className="right">R</th>
              <th scope="col" className="right">Stop</th>
              <th scope="col" className="right">To stop</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.bot} row={row} name={name(row)} />
            ))}
          </tbody>
          <tfoot>
            {sums(rows).map((sum) => (
              <tr key={sum.currency}>
                <td colSpan={6}>
                  Total <span className="font-normal text-text-3">{sum.currency}</span>
                </td>
                <td className="right">
                  <Profit value={sum.open} />
                </td>
                <td colSpan={3} className="right whitespace-normal">
                  {sum.stops > 0 && <>{signed(sum.atStops, 2)} at {plural(sum.stops, "stop")}</>}
                  {sum.stops < sum.rows && (
                    <span className="font-normal text-text-2">
                      {sum.stops > 0 && ", "}
                      {sum.rows - sum.stops} unbounded
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tfoot>
        </table>
      </div>
      <ul className="@min-[46rem]:hidden">
        {rows.map((row) => (
          <Card key={row.bot} row={row} name={name(row)} />
        ))}
        {sums(rows).map((sum) => (
          <li key={sum.currency} className="flex justify-between gap-3 border-t border-line-strong bg-surface-2 px-3 py-2.5 font-semibold">
            <span>Total</span>
            <span className="text-right">
              <Profit value={sum.open} /> <span className="text-xs font-normal text-text-3">{sum.currency}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Row({ row, name }: { row: Position; name: string }) {
  return (
    <tr data-row>
      <td className="w-full max-w-0 min-w-24">
        <BotName id={row.bot} name={name} fills />
      </td>
      <td className="font-medium">{symbolOf(row.market)}</td>
      <td>
        <SideWord side={row.side} />
      </td>
      <td className="right">{quantity(row.quantity, row.quantity_step)}</td>
      <td className="right">{price(row.entry_price, row.price_tick)}</td>
      <td className="right">
        <Live text={price(row.mark_price, row.price_tick)} />
      </td>
      <td className="right">
        <Profit value={row.open_pnl} />
      </td>
      <td className="right">
        <Figure value={row.r} format={multiple} />
      </td>
      <td className="right">{row.stop_price === null ? <NoStop /> : price(row.stop_price, row.price_tick)}</td>
      <td className="right">
        <Figure value={row.stop_distance} format={percent} />
      </td>
    </tr>
  );
}

function NoStop() {
  return (
    <span className="inline-flex items-center gap-1.5 text-text-2">
      <Sign status="none" size={12} label="" /> none
    </span>
  );
}

/** The multiple of the risk on a card; left out where there is no risk to measure by. */
export function CardRisk({ r }: { r: Position["r"] }) {
  if (!isDefined(r)) return null;
  return <span className="figure text-text-3">{multiple(r)} R</span>;
}

function Card({ row, name }: { row: Position; name: string }) {
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-3 py-2.5 last:border-b-0">
      <span className="flex min-w-0 items-center gap-x-2">
        <span className="font-semibold">{symbolOf(row.market)}</span>
        <SideWord side={row.side} />
      </span>
      <span className="text-right">
        <Profit value={row.open_pnl} /> <span className="text-xs text-text-3">{row.currency}</span>
      </span>
      <Link href={botPath(row.bot)} className="truncate">
        {name}
      </Link>
      <span className="figure text-right text-text-2">
        {row.stop_price === null
          ? "no stop"
          : `stop ${price(row.stop_price, row.price_tick)}, ${percent(row.stop_distance)}`}
      </span>
      <span className="col-span-2 flex flex-wrap justify-between gap-x-2.5 text-text-2">
        <span className="figure">
          {quantity(row.quantity, row.quantity_step)} at {price(row.entry_price, row.price_tick)}, now{" "}
          <Live text={price(row.mark_price, row.price_tick)} />
        </span>
        <CardRisk r={row.r} />
      </span>
    </li>
  );
}

/** One position written out, for the page of its bot. */
export function PositionFacts({ row }: { row: Position }) {
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ["Side", <SideWord key="side" side={row.side} />],
    ["Size", quantity(row.quantity, row.quantity_step)],
    ["Entry", price(row.entry_price, row.price_tick)],
    ["Mark", <Live key="mark" text={price(row.mark_price, row.price_tick)} />],
    ["Open", <Profit key="open" value={row.open_pnl} />],
    ["R", <Figure key="r" value={row.r} format={multiple} />],
    ["Stop", row.stop_price === null ? <NoStop key="stop" /> : price(row.stop_price, row.price_tick)],
    ["To stop", <Figure key="distance" value={row.stop_distance} format={percent} />],
  ];
  return (
    <dl className="grid grow grid-cols-2 content-start px-3.5 py-2">
      {facts.map(([name, value]) => (
        <div key={name} className="figure flex justify-between gap-3 border-b border-line py-1.5 odd:mr-3 even:ml-3 nth-last-[-n+2]:border-b-0">
          <dt className="text-text-3">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
