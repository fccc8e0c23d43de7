// Made by web/tools/generate_client.py from the API's schema. Do not edit.

/** Bots whose money may be added. */
export interface Book {
  readonly mode: Mode;
  readonly currency: string;
}

/** One bot opened. */
export interface BotDetail {
  readonly row: Bot;
  readonly position: Position | null;
  readonly hypothesis: string;
  readonly parameters: readonly Parameter[];
  readonly capital: number;
  readonly anchor_ts: number;
  readonly verdict_reason: string;
  readonly dossier: string | null;
  readonly protection: Protection;
}

/** One bot as of its last bar. */
export interface Bot {
  readonly id: string;
  readonly name: string;
  readonly strategy: string;
  readonly market: string;
  readonly timeframe: string;
  readonly mode: Mode;
  readonly currency: string;
  readonly state: BotState;
  readonly state_cause: string;
  readonly equity: number | Undefined;
  readonly today: number | Undefined;
  readonly today_fraction: number | Undefined;
  readonly open_pnl: number | Undefined;
  readonly drawdown: number | Undefined;
  readonly trades: number;
  readonly holding: Holding | null;
  readonly last_bar_ts: number | null;
  readonly warnings: readonly string[];
  readonly verdict: Verdict;
}

/** What a bot is doing. `BotRow.state_cause` says why in words. */
export type BotState = "starting" | "running" | "finished" | "stopped" | "halted" | "failed";

/** How a bot's position stands. */
export type Cover = "flat" | "covered" | "bare" | "no_stop";

/** How all data stands, the worst first. */
export interface Data {
  readonly at_ts: number;
  readonly markets: number;
  readonly timeframes: number;
  readonly counts: readonly GroupCount[];
  readonly rows: readonly Source[];
}

/** Marked equity and its drawdown, columns of one length. */
export interface Equity {
  readonly currency: string;
  readonly ts: readonly number[];
  readonly value: readonly number[];
  readonly drawdown: readonly number[];
}

/** How far an equity series reaches back from its newest point. */
export type EquityRange = "1d" | "7d" | "30d" | "90d" | "all";

/** The body of every answer that is not a success. */
export interface ErrorBody {
  readonly error: ErrorDetail;
}

/** What is wrong and what to do. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What an event reports. `MARKED` says that candles were processed and figures moved. The page lists all others but */
export type EventKind = "marked" | "entry" | "exit" | "refused" | "started" | "recovered" | "finished" | "stopped" | "halted" | "failed" | "warning" | "deployed" | "signal" | "intent" | "sent" | "acknowledged" | "filled" | "order" | "reconciled" | "opened" | "closed" | "risk" | "breaker" | "kill" | "command" | "alarm";

/** Something that happened. */
export interface Event {
  readonly id: number;
  readonly ts: number;
  readonly bot: string | null;
  readonly kind: EventKind;
  readonly text: string;
}

/** Every bot and the sums per book. */
export interface Fleet {
  readonly clock_ts: number | null;
  readonly data_label: string;
  readonly bots: readonly Bot[];
  readonly totals: readonly Totals[];
}

/** How a series stands, the worst first. */
export type Freshness = "damaged" | "missing" | "failed" | "stale" | "late" | "unknown" | "fresh";

/** What a series is, for sums: candles are what every decision needs. */
export type Group = "candles" | "streams" | "other";

/** How many series of one group there are, and how many in each state. */
export interface GroupCount {
  readonly group: Group;
  readonly series: number;
  readonly damaged: number;
  readonly missing: number;
  readonly failed: number;
  readonly stale: number;
  readonly late: number;
  readonly unknown: number;
  readonly fresh: number;
}

/** The process itself. */
export interface Health {
  readonly version: string;
  readonly started_ts: number;
  readonly last_event_id: number;
}

/** What a bot holds. */
export interface Holding {
  readonly side: Side;
  readonly quantity: number;
}

/** One job opened: the last lines that it printed. */
export interface JobDetail {
  readonly job: Job;
  readonly output: readonly string[];
}

/** Why a job failed. */
export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** One job. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly arguments: readonly string[];
  readonly state: JobState;
  readonly attempt: number;
  readonly detached: boolean;
  readonly created_ts: number;
  readonly started_ts: number | null;
  readonly ended_ts: number | null;
  readonly progress: JobProgress;
  readonly exit_code: number | null;
  readonly error: JobError | null;
  readonly result: string | null;
}

/** How far a job is, as its worker told last. */
export interface JobProgress {
  readonly done: number;
  readonly of: number | Undefined;
  readonly unit: string;
  readonly stage: string;
  readonly rate: number | Undefined;
  readonly left_seconds: number | Undefined;
  readonly written_ts: number | null;
}

/** A job to start: a kind and the arguments of its command, word by word. */
export interface JobRequest {
  readonly kind: string;
  readonly arguments: readonly string[];
}

/** Where a job is. `interrupted`: its process is gone and nobody asked for that. */
export type JobState = "waiting" | "running" | "finished" | "failed" | "cancelled" | "interrupted";

/** Where candles come from and where orders go. Modes are never added up. Fills of all but LIVE are on paper. */
export type Mode = "simulated" | "paper" | "shadow" | "live";

/** One parameter of a bot's strategy. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** One open position. */
export interface Position {
  readonly bot: string;
  readonly market: string;
  readonly currency: string;
  readonly side: Side;
  readonly quantity: number;
  readonly entry_ts: number;
  readonly entry_price: number;
  readonly mark_price: number;
  readonly open_pnl: number;
  readonly stop_price: number | null;
  readonly stop_distance: number | Undefined;
  readonly at_stop: number | Undefined;
  readonly r: number | Undefined;
  readonly price_tick: number;
  readonly quantity_step: number;
}

/** Whether a stop covers what is held, and for how long in the bot's life one was missing at the venue. */
export interface Protection {
  readonly cover: Cover;
  readonly unprotected_seconds: number;
}

/** How often a reason was the first "no". */
export interface RefusalCount {
  readonly reason: "none" | "equity" | "side" | "own_exit" | "regime" | "confidence" | "cooldown" | "daily_loss" | "loss_streak" | "volume" | "funding" | "session" | "size" | "afford" | "switch" | "filter" | "risk";
  readonly count: number;
}

/** What became of today's decisions. */
export interface Refusals {
  readonly since_ts: number | null;
  readonly decisions: number;
  readonly flat: number;
  readonly entered: number;
  readonly refused: readonly RefusalCount[];
}

/** The direction of a position or trade. */
export type Side = "long" | "short";

/** How one series stands that is stored, declared or streamed. */
export interface Source {
  readonly source: string;
  readonly series: string;
  readonly kind: string;
  readonly timeframe: string;
  readonly group: Group;
  readonly rows: number;
  readonly last_ts: number | Undefined;
  readonly age_ms: number | Undefined;
  readonly limit_ms: number;
  readonly over_ms: number;
  readonly state: Freshness;
  readonly reason: string;
  readonly asked_ts: number | Undefined;
  readonly coverage: number | Undefined;
  readonly score: number | Undefined;
  readonly faults: readonly string[];
  readonly hash: string;
}

/** Sums over one book. */
export interface Totals {
  readonly book: Book;
  readonly bots: number;
  readonly missing: number;
  readonly capital: number;
  readonly equity: number | Undefined;
  readonly today: number | Undefined;
  readonly today_fraction: number | Undefined;
  readonly open_pnl: number | Undefined;
  readonly drawdown: number | Undefined;
  readonly drawdown_deepest: number | Undefined;
  readonly at_stops: number | Undefined;
  readonly positions: number;
  readonly unbounded: number;
  readonly trades: number;
  readonly exposure_gross: number | Undefined;
  readonly exposure_net: number | Undefined;
}

/** One closed trade. */
export interface Trade {
  readonly sequence: number;
  readonly bot: string;
  readonly market: string;
  readonly currency: string;
  readonly id: number;
  readonly side: Side;
  readonly entry_ts: number;
  readonly exit_ts: number;
  readonly quantity: number;
  readonly entry_price: number;
  readonly exit_price: number;
  readonly pnl: number;
  readonly r: number | Undefined;
  readonly reason: "entry" | "reentry" | "stop" | "take" | "trail" | "signal" | "time" | "liquidation" | "kill";
  readonly price_tick: number;
  readonly quantity_step: number;
}

/** A figure that does not exist, and why. */
export interface Undefined {
  readonly undefined: string;
}

/** What research has proven about a bot, by the dossier it was deployed from. Without one: nothing. */
export type Verdict = "not proven" | "on watch" | "proven";
