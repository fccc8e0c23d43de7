/** Which bots need me? */
import type { Bot, Fleet, Totals } from "../client/schema";
import { Figure, Profit } from "../components/figure";
import { SideWord, Sign } from "../components/icons";
import { BotName, Link, botPath } from "../components/link";
import { Panel, PanelState } from "../components/panel";
import { NoBots } from "../features/fleet";
import { type Status, botStatus, verdictStatus } from "../lib/assess";
import { count, money, percent, plural, symbolOf, words } from "../lib/format";
import { useQuery } from "../lib/router";
import { useFleet } from "../lib/use-live";

const ORDER: readonly Status[] = ["fail", "warn", "stale", "none", "info", "pass"];

export function Bots() {
  const fleet = useFleet();
  const [filter, setFilter] = useQuery("filter", "");
  return (
    <Panel
      title="Bots"
      note={fleet.data && plural(fleet.data.bots.length, "bot")}
      view={fleet}
      actions={
        <input
          type="search"
          className="field w-44"
          placeholder="Filter  /"
          aria-label="Filter by name, strategy, market or state"
          data-filter
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      }
    >
      <PanelState view={fleet} lines={10} empty={{ when: (data) => data.bots.length === 0, show: <NoBots /> }}>
        {(data) => <Table fleet={data} filter={filter} />}
      </PanelState>
    </Panel>
  );
}

function matching(bots: readonly Bot[], filter: string): readonly Bot[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (bot: Bot): string =>
    [bot.id, bot.name, bot.strategy, bot.market, bot.timeframe, bot.mode, bot.state].join(" ").toLowerCase();
  return bots.filter((bot) => wanted.every((word) => text(bot).includes(word)));
}

function Table({ fleet, filter }: { fleet: Fleet; filter: string }) {
  const rank = (bot: Bot): number => ORDER.indexOf(botStatus(bot, fleet.clock_ts).status);
  const bots = [...matching(fleet.bots, filter)].sort((a, b) => rank(a) - rank(b));
  if (bots.length === 0) return <p className="px-3.5 py-4 text-text-2">No bot matches “{filter}”.</p>;
  const whole = bots.length === fleet.bots.length;
  return (
    <>
      <div className="hidden overflow-x-auto @min-[60rem]:block">
        <table className="table">
          <caption className="visually-hidden">Bots, those that need a person first</caption>
          <thead>
            <tr>
              <th scope="col">Bot</th>
              <th scope="col">State</th>
              <th scope="col">Strategy</th>
              <th scope="col">Market</th>
              <th scope="col">Mode</th>
              <th scope="col">Holds</th>
              <th scope="col" className="right">Equity</th>
              <th scope="col" className="right">Today</th>
              <th scope="col" className="right">Open</th>
              <th scope="col" className="right">Drawdown</th>
              <th scope="col" className="right">Trades</th>
              <th scope="col">Proof</th>
            </tr>
          </thead>
          <tbody>
            {bots.map((bot) => (
              <Row key={bot.id} bot={bot} clock={fleet.clock_ts} />
            ))}
          </tbody>
          {whole && (
            <tfoot>
              {fleet.totals.map((totals) => (
                <TotalRow key={`${totals.book.mode}-${totals.book.currency}`} totals={totals} />
              ))}
            </tfoot>
          )}
        </table>
      </div>
      <ul className="@min-[60rem]:hidden">
        {bots.map((bot) => (
          <Card key={bot.id} bot={bot} clock={fleet.clock_ts} />
        ))}
      </ul>
    </>
  );
}

function Row({ bot, clock }: { bot: Bot; clock: number | null }) {
  const { status, text } = botStatus(bot, clock);
  return (
    <tr data-row>
      <td>
        <BotName id={bot.id} name={bot.name} />
      </td>
      <td>
        <span className="inline-flex max-w-44 items-center gap-1.5" title={text}>
          <Sign status={status} size={13} label="" /> <span className="truncate">{text}</span>
        </span>
      </td>
      <td>{words(bot.strategy)}</td>
      <td className="font-medium">
        {symbolOf(bot.market)} <span className="font-normal text-text-3">{bot.timeframe}</span>
      </td>
      <td className="text-text-2">{bot.mode}</td>
      <td>{bot.holding ? <SideWord side={bot.holding.side} /> : <span className="text-text-3">flat</span>}</td>
      <td className="right">
        <Figure value={bot.equity} format={money} />
      </td>
      <td className="right">
        <Profit value={bot.today} />
      </td>
      <td className="right">
        <Profit value={bot.open_pnl} />
      </td>
      <td className="right">
        <Figure value={bot.drawdown} format={percent} />
      </td>
      <td className="right">{count(bot.trades)}</td>
      <td className="text-text-2">
        <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
          <Sign status={verdictStatus(bot.verdict)} size={13} label="" /> {bot.verdict}
        </span>
      </td>
    </tr>
  );
}

function TotalRow({ totals }: { totals: Totals }) {
  return (
    <tr>
      <td colSpan={6}>
        Total{" "}
        <span className="font-normal text-text-3">
          {totals.book.mode}, {totals.book.currency}
          {totals.missing > 0 && `, ${plural(totals.missing, "bot")} without a figure`}
        </span>
      </td>
      <td className="right">
        <Figure value={totals.equity} format={money} />
      </td>
      <td className="right">
        <Profit value={totals.today} />
      </td>
      <td className="right">
        <Profit value={totals.open_pnl} />
      </td>
      <td className="right">
        <Figure value={totals.drawdown} format={percent} />
      </td>
      <td className="right">{count(totals.trades)}</td>
      <td />
    </tr>
  );
}

function Card({ bot, clock }: { bot: Bot; clock: number | null }) {
  const { status, text } = botStatus(bot, clock);
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-3 py-2.5 last:border-b-0">
      <span className="flex min-w-0 items-center gap-2">
        <Sign status={status} size={13} label={text} />
        <Link href={botPath(bot.id)} className="truncate font-medium">
          {bot.name}
        </Link>
      </span>
      <span className="text-right">
        <Figure value={bot.equity} format={money} /> <span className="text-xs text-text-3">{bot.currency}</span>
      </span>
      <span className="truncate text-text-2">
        {symbolOf(bot.market)} {bot.timeframe}, {status === "pass" ? bot.mode : text}
      </span>
      <span className="figure text-right text-text-2">
        today <Profit value={bot.today} />
      </span>
    </li>
  );
}
