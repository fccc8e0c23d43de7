/** What is no candles, in one line for series that stand alike; a line opens to all of them. */
import type { Source } from "../client/schema";
import { Icon, Sign } from "../components/icons";
import { Words } from "../components/words";
import { type Alike, STATUS, alike, namesOf, oldest, whatOf } from "../lib/data";
import { count, isDefined } from "../lib/format";
import { age } from "../lib/time";
import { SeriesFacts } from "./data-facts";
import { OpenLink } from "./data-open";
import { StateWord } from "./data-signs";

export function SourceStates({ rows, sinceAsked, open, toggle }: {
  rows: readonly Source[];
  sinceAsked: number;
  open: string;
  toggle: (key: string) => void;
}) {
  const lines = alike(rows);
  return (
    <>
      <div className="hidden overflow-x-auto @min-[56rem]:block">
        <table className="table table-fixed">
          <caption className="visually-hidden">Series beside candles, the worst first</caption>
          <thead>
            <tr>
              <th scope="col" className="w-40">Source</th>
              <th scope="col" className="w-24">State</th>
              <th scope="col" className="w-44">What</th>
              <th scope="col" className="w-[20%]">Of</th>
              <th scope="col" className="right w-20">Age</th>
              <th scope="col" className="right w-20">Allowed</th>
              <th scope="col" className="right w-14">Score</th>
              <th scope="col" className="!pl-4">Why</th>
            </tr>
          </thead>
          {lines.map((line) => (
            <Row key={line.key} line={line} sinceAsked={sinceAsked} open={open === line.key} toggle={toggle} />
          ))}
        </table>
      </div>
      <ul className="@min-[56rem]:hidden">
        {lines.map((line) => (
          <Card key={line.key} line={line} sinceAsked={sinceAsked} open={open === line.key} toggle={toggle} />
        ))}
      </ul>
    </>
  );
}

interface LineProps {
  readonly line: Alike;
  readonly sinceAsked: number;
  readonly open: boolean;
  readonly toggle: (key: string) => void;
}

function Row({ line, sinceAsked, open, toggle }: LineProps) {
  const { rows } = line;
  const first = rows[0];
  if (!first) return null;
  return (
    <tbody>
      <tr data-row>
        <td>
          <Name line={line} open={open} toggle={toggle} />
        </td>
        <td>
          <StateWord state={first.state} />
        </td>
        <td className="truncate">{whatOf(rows)}</td>
        <td className="truncate text-text-2" title={namesOf(rows, 40)}>
          {namesOf(rows)}
        </td>
        <td className="right">{ageOf(rows, sinceAsked)}</td>
        <td className="right text-text-2">{allowedOf(rows)}</td>
        <td className="right">{worstScore(rows)}</td>
        <td className="truncate !pl-4 text-text-2" title={first.reason}>
          <Words text={first.reason} />
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={8} className="!h-auto !whitespace-normal bg-surface-2 !p-0">
            <SeriesFacts rows={rows} sinceAsked={sinceAsked} what="series" />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Name({ line, open, toggle }: Omit<LineProps, "sinceAsked">) {
  const first = line.rows[0];
  return (
    <OpenLink name={line.key} open={open} toggle={toggle}>
      <span className={open ? "rotate-90" : ""}>
        <Icon name="chevron" size={12} />
      </span>
      <span className="truncate font-medium text-text">{first?.source}</span>
      {line.rows.length > 1 && <span className="figure text-2xs text-text-3">{count(line.rows.length)}</span>}
    </OpenLink>
  );
}

function Card({ line, sinceAsked, open, toggle }: LineProps) {
  const { rows } = line;
  const first = rows[0];
  if (!first) return null;
  return (
    <li className="border-b border-line last:border-b-0" data-row>
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 px-3 py-2">
        <Name line={line} open={open} toggle={toggle} />
        <span className="figure inline-flex items-center gap-1.5">
          <Sign status={STATUS[first.state]} size={13} label={first.state} /> {ageOf(rows, sinceAsked)}
        </span>
        <span className="col-span-2 min-w-0 truncate pl-5 text-text-2">
          {whatOf(rows)}, {namesOf(rows, 2)}
        </span>
        {first.reason && (
          <span className="col-span-2 min-w-0 pl-5 text-text-3 [overflow-wrap:anywhere]">
            <Words text={first.reason} />
          </span>
        )}
      </div>
      {open && (
        <div className="bg-surface-2">
          <SeriesFacts rows={rows} sinceAsked={sinceAsked} what="series" />
        </div>
      )}
    </li>
  );
}

function ageOf(rows: readonly Source[], sinceAsked: number): string {
  const old = oldest(rows);
  return old === undefined ? "never" : age(old + sinceAsked);
}

function allowedOf(rows: readonly Source[]): string {
  const limits = rows.map((row) => row.limit_ms).filter((limit) => limit > 0);
  if (limits.length === 0) return "";
  const [least, most] = [Math.min(...limits), Math.max(...limits)];
  return age(least) === age(most) ? age(least) : `${age(least)} +`;
}

function worstScore(rows: readonly Source[]): string {
  const scores = rows.flatMap((row) => (isDefined(row.score) ? [row.score] : []));
  return scores.length === 0 ? "" : String(Math.min(...scores));
}
