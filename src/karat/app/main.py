"""The command `karat`.

Commands are named here and imported when they run, so that `karat --help` and `karat data list` start at once. To add
one, write a plain function with typed parameters and a docstring in a module `karat.app.<noun>_commands` and add one
line to COMMANDS (and to GROUPS for the first command of a new group). The function returns None, or its exit code; it
prints through `karat.app.console` and raises the errors of `karat.core.errors`.
"""

from __future__ import annotations

import difflib
import sys
import threading
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError

from karat import __version__
from karat.app.console import EXIT_INTERRUPTED, WORDS, close_pipe, mistyped, show_failure, wants_json
from karat.app.key_ring import show_crash, show_thread_crash
from karat.core.errors import KaratError

HELP = "Find trading strategies, try to break them, run the survivors on paper, prove them."


class Command(NamedTuple):
    """One command: its words on the command line, where its function lives, and what it does."""

    name: str
    function: str
    help: str


GROUPS = {
    "data": "Market data in the lake.",
    "strategies": "Strategies: list, show, begin and check them.",
    "dossier": "Dossiers: what was proved and what was buried, and why.",
    "bots": "Bots: create, run and look at them.",
    "jobs": "Long work: how far it is, cancel it, resume it, start it.",
    "live": "Bots that trade with money.",
    "limits": "What risk may reach: look, change, undo.",
    "secrets": "Keys and tokens, encrypted at rest.",
}
COMMANDS = (
    Command("data import", "karat.app.data_commands:import_data", "Import CSV, Parquet or Feather files."),
    Command("data download", "karat.app.download_commands:download_data", "Download candles, and refill holes."),
    Command("data stream", "karat.app.stream_commands:stream_data", "Stream live data until Ctrl-C."),
    Command(
        "data compare", "karat.app.compare_commands:compare_data", "Compare stored bars with those built from finer."
    ),
    Command("data bars", "karat.app.bar_commands:build_bars", "Build bars from stored trades."),
    Command("data depth", "karat.app.bar_commands:build_depth_input", "Make an input of stored order books."),
    Command("data list", "karat.app.data_commands:list_data", "List what the lake holds."),
    Command("data universe", "karat.app.universe_commands:universe_data", "List the markets that were listed then."),
    Command("data listings", "karat.app.universe_commands:look_at_listings", "Record what venues list today."),
    Command("data repair", "karat.app.data_commands:repair_data", "Keep what can be proven of damaged series."),
    Command("data push", "karat.app.remote_commands:push_data", "Send the lake to S3 or a folder."),
    Command("data pull", "karat.app.remote_commands:pull_data", "Take a pushed lake into this one."),
    Command("data sync", "karat.app.remote_commands:sync_data", "Pull, then push."),
    Command("data sql", "karat.app.sql_commands:query_data", "Ask the lake in SQL."),
    Command("data inputs", "karat.app.feed_commands:list_inputs", "List the series that strategies may declare."),
    Command("data refresh", "karat.app.feed_commands:refresh_data", "Ask the vendors for what is due."),
    Command("data check", "karat.app.data_quality_commands:check_data", "Look for defects, and score the data."),
    Command("data status", "karat.app.data_status_commands:data_status", "Show what is fresh, late, stale or missing."),
    Command("strategies new", "karat.app.strategy_commands:new_strategy", "Write a working strategy to begin with."),
    Command("strategies list", "karat.app.strategy_commands:list_strategies", "List every strategy."),
    Command("strategies show", "karat.app.strategy_commands:show_strategy", "Show one strategy in full."),
    Command("strategies check", "karat.app.strategy_commands:check_one", "Prove that a strategy sees no future."),
    Command("backtest", "karat.app.backtest_commands:backtest_command", "Backtest a strategy on one market."),
    Command("sweep", "karat.app.sweep_commands:sweep_command", "Simulate every combination of a grid."),
    Command("sweeps", "karat.app.sweep_commands:list_sweeps", "List the sweeps that are kept."),
    Command("prove", "karat.app.prove_commands:prove_command", "Try to break strategies, and give verdicts."),
    Command("dossier list", "karat.app.dossier_commands:list_dossiers", "List every verdict, the buried ones too."),
    Command("dossier show", "karat.app.dossier_commands:show_dossier", "Show one dossier."),
    Command("dossier open", "karat.app.dossier_commands:open_dossier", "Print the path of a dossier's page."),
    Command("dossier verify", "karat.app.dossier_commands:verify_dossier", "Prove a dossier again, and compare."),
    Command("deploy", "karat.app.deploy_commands:deploy_command", "Make bots of dossiers that say gold."),
    Command("jobs list", "karat.app.job_commands:list_jobs", "List every job: karat jobs says the same."),
    Command("jobs show", "karat.app.job_commands:show_job", "Show one job and what it printed last."),
    Command("jobs start", "karat.app.job_commands:start_job", "Start work beside what runs, at low priority."),
    Command("jobs cancel", "karat.app.job_commands:cancel_job", "End a job; what it has done is kept."),
    Command("jobs resume", "karat.app.job_commands:resume_job", "Go on with a job that was cancelled or killed."),
    Command("calibrate", "karat.app.calibrate_commands:calibrate_command", "Judge the prover by known markets."),
    Command("trials", "karat.app.trial_commands:list_trials", "Show how often everything was tried."),
    Command("explain", "karat.app.backtest_commands:explain_command", "Check one trade of a run by hand."),
    Command("bots create", "karat.app.bot_commands:create_bot", "Create a bot on a market of the lake."),
    Command("bots list", "karat.app.bot_commands:list_bots", "List every bot and how it stands."),
    Command("bots halt", "karat.app.bot_switch_commands:halt_bot", "Hold a bot's entries back."),
    Command("bots resume", "karat.app.bot_switch_commands:resume_bot", "Let halted bots go on."),
    Command("live confirm", "karat.app.live_commands:confirm_live", "Confirm that a bot trades with money."),
    Command("doctor", "karat.app.doctor_commands:doctor_command", "Look whether all is ready for trading."),
    Command("kill", "karat.app.kill_commands:kill_command", "Close everything and refuse entries, now."),
    Command("bots run", "karat.app.bot_run_commands:run_bots", "Run bots on paper, replayed or live."),
    Command(
        "bots set",
        "karat.app.bot_change_commands:set_parameters",
        "Change parameters of a bot, now or back.",
    ),
    Command("bots show", "karat.app.bot_commands:show_bot", "Show one bot: what it is, holds and did."),
    Command("limits show", "karat.app.limit_commands:show_limits", "Show every limit, its unit and its bounds."),
    Command("limits set", "karat.app.limit_commands:set_limit", "Set one limit, also while bots run."),
    Command("limits undo", "karat.app.limit_commands:undo_limit", "Take the newest change of a limit back."),
    Command("limits history", "karat.app.limit_commands:limit_history", "Show who changed which limit when."),
    Command("why", "karat.app.why_commands:why_command", "Say why a bot did or did not trade at a bar."),
    Command("parity", "karat.app.parity_commands:parity_command", "Show that backtest, bot and sweep agree."),
    Command("serve", "karat.app.serve_commands:serve_command", "Serve the page and run the bots."),
    Command("backup", "karat.app.backup_commands:backup_command", "Copy what cannot be made anew, while bots run."),
    Command("restore", "karat.app.backup_commands:restore_command", "Make a Karat home of a backup."),
    Command("logs", "karat.app.log_commands:show_logs", "Show what was logged, of one bot or order."),
    Command("secrets set", "karat.app.secret_commands:set_secret", "Keep a secret, typed or from a file."),
    Command("secrets list", "karat.app.secret_commands:list_secrets", "List the names of secrets."),
    Command("secrets remove", "karat.app.secret_commands:remove_secret", "Forget a secret."),
    Command("secrets rekey", "karat.app.secret_commands:rekey_secrets", "Encrypt all secrets under a new key."),
    Command("demo", "karat.app.demo_commands:demo_command", "Show everything once, on a simulated market."),
    Command("run", "karat.app.demo_commands:run_command", "Do everything, then serve the page and stay."),
)


def build_app() -> App:
    """The tree of commands, with none of their modules imported."""
    app = App(
        name="karat",
        help=HELP,
        version=__version__,
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for group in groups.values():
        app.command(group)
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        (groups[group] if group else app).command(command.function, name=name, help=command.help)
    groups["jobs"].default(_jobs)
    return app


def _jobs(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """List every job: `karat jobs`."""
    from karat.app.job_commands import list_jobs

    list_jobs(as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, 2 for anything the user can mend, 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.excepthook, threading.excepthook = show_crash, show_thread_crash
    try:
        return run_words(words)
    except KaratError as error:
        return show_failure(error, as_json=wants_json(words))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        close_pipe()
        return 0


def run_words(words: Sequence[str]) -> int:
    """Run one command and return its exit code. Raises KaratError, also for what cannot be understood."""
    token = WORDS.set(tuple(words))
    try:
        result = build_app()(list(words))
        sys.stdout.flush()
    except CycloptsError as error:
        raise _not_understood(error) from error
    finally:
        WORDS.reset(token)
    return result if isinstance(result, int) else 0


def check_words(words: Sequence[str]) -> None:
    """Raises InputError `bad_command` where a command line would not be understood; runs nothing."""
    asked = [word for word in words if word in ("--help", "-h", "--version")]
    if asked:
        raise mistyped(f"{asked[0]} does no work.", "Leave it out.")
    try:
        build_app().parse_args(list(words), print_error=False, exit_on_error=False)
    except CycloptsError as error:
        raise _not_understood(error) from error


def _not_understood(error: CycloptsError) -> KaratError:
    if isinstance(error, UnknownCommandError):
        return _unknown_command(error)
    command = " ".join(("karat", *(error.command_chain or ())))
    return mistyped(str(error), f"See {command} --help.")


def _unknown_command(error: UnknownCommandError) -> KaratError:
    """Name the nearest commands from the table; the library's own message would import every command."""
    word = (error.unused_tokens or [""])[0]
    chain = list(error.command_chain or ())
    known = sorted(
        {command.name.split()[len(chain)] for command in COMMANDS if command.name.split()[: len(chain)] == chain}
    )
    near = difflib.get_close_matches(word, known, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Commands: {', '.join(known)}."
    return mistyped(f"Unknown command '{' '.join((*chain, word))}'.", hint)
