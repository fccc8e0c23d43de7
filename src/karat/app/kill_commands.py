"""karat kill: stop everything at once. The flag is raised before anything else is asked, read or told."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show_json
from karat.core.errors import InputError, KaratError, RetryLater

if TYPE_CHECKING:
    from karat.ports.kill import KillSource
    from karat.ports.trading import TradingJournal

EXIT_FAILED = 1
Flag = Annotated[bool, Parameter(negative="")]


def kill_command(
    reason: str = "", *, release: Flag = False, by: str | None = None, status: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:  # fmt: skip
    """Close every position and refuse every entry, now. It stays so until a person releases it.

    It works whether or not bots run, and where the journal is broken.

    Parameters
    ----------
    reason
        Why, in words.
    release
        Let trading go on, once everything was seen flat. Wants --by.
    by
        With --release: the name of who decides that.
    status
        Only tell how it stands.
    as_json
        With --status: print one JSON object.
    """
    if status:
        return _tell_status(as_json=as_json)
    if release:
        if reason:
            raise InputError("bad_command", "A release has no reason.", "Use --release --by NAME.")
        return _release(by)
    return _pull(reason)


def _pull(reason: str) -> int:
    """First the flags, the file before all; then the journal, which may be broken."""
    from karat.app.kill_sources import KillFile, kill_sources

    raised: list[str] = []
    failed: list[str] = []
    _raise_flag(KillFile(), reason, raised, failed)
    try:
        for source in kill_sources()[1:]:
            _raise_flag(source, reason, raised, failed)
    except KaratError as error:
        failed.append(str(error))
    try:
        _latch(reason, raised)
    except Exception as error:  # noqa: BLE001 - the flag is up; whatever the journal has must not look like a failure
        failed.append(f"The journal was not asked: {error}")
    if not raised:
        say(f"THE KILL SWITCH WAS NOT PULLED: {' '.join(failed)} Stop the process, and close at the venue by hand.")
        return EXIT_FAILED
    say(f"The kill switch is pulled ({', '.join(raised)}). Entries are refused and positions closed within seconds.")
    for words in failed:
        say(words)
    say("It stays until it is released: karat kill --status, then karat kill --release --by NAME.")
    return 0


def _raise_flag(source: KillSource, reason: str, raised: list[str], failed: list[str]) -> None:
    try:
        source.raise_flag(reason)
        raised.append(source.name)
    except RetryLater as error:
        failed.append(str(error))


def _latch(reason: str, raised: list[str]) -> None:
    from karat.app.asking import ask_desk, me
    from karat.journal import journal_is_there, open_journal

    if not journal_is_there():
        return
    with closing(open_journal()) as journal:
        found = ask_desk(journal, "kill", {"reason": reason}, me(), seconds=3.0)
        if found is not None and found.done:
            raised.append("journal")


def _release(by: str | None) -> int:
    from karat.app.asking import ask_desk
    from karat.app.kill_sources import kill_sources
    from karat.journal import journal_is_there, open_journal

    if not by:
        raise InputError("no_name", "A release needs a name: somebody decides it.", "Use --release --by NAME.")
    if not journal_is_there():
        for source in kill_sources():
            source.clear()
        say(f"The flags are down, by {by}. There is no journal, so there is nothing else to release.")
        return 0
    with closing(open_journal()) as journal:
        found = ask_desk(journal, "kill.release", {}, by)
        if found is None:
            say("It was not released: the process that runs the bots does not answer. Look at it, then say it again.")
            return EXIT_FAILED
        say(found.answer if found.done else f"{found.answer} {_open_words(journal)}".strip())
        return 0 if found.done else EXIT_FAILED


def _open_words(journal: TradingJournal) -> str:
    """Which bots are not flat."""
    held = [one.bot for one in journal.accounts() if one.lots] + [one.bot for one in journal.open_orders()]
    names = ", ".join(dict.fromkeys(held))
    return f"Not flat: {names}. Run them, so that they close: karat bots run." if names else ""


def _tell_status(*, as_json: bool) -> int:
    told = kill_status()
    if as_json:
        show_json(told)
        return 0
    pulled = [f"{name}: {words or 'no reason was given'}" for name, words in told["flags"].items()]
    say("The kill switch is LATCHED" if told["latched"] else "The kill switch is not latched in the journal.")
    if told["latched"]:
        say(f"  why: {told['reason']}; seen flat since: {'yes' if told['flat_seen'] else 'no'}")
    say(f"Flags that are up: {'; '.join(pulled) or 'none'}.")
    for name, words in told["unknown"].items():
        say(f"Not known, so entries are refused: {name}: {words}")
    if told["not_flat"]:
        say(f"Not flat: {', '.join(told['not_flat'])}.")
    return 0


def kill_status() -> dict[str, Any]:
    """How the switch stands: latch, flags, what cannot be asked, who is not flat."""
    from karat.app.kill_sources import kill_sources
    from karat.journal import journal_is_there, open_journal
    from karat.risk.kill import kill_state_of

    flags: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for source in kill_sources():
        try:
            reason = source.look()
        except RetryLater as error:
            unknown[source.name] = error.message
        else:
            flags |= {} if reason is None else {source.name: reason}
    told: dict[str, Any] = {"latched": False, "reason": "", "flat_seen": False, "not_flat": []}
    try:
        if journal_is_there():
            with closing(open_journal()) as journal:
                state = kill_state_of(journal.facts().get("kill", {}))
                held = [one.bot for one in journal.accounts() if one.lots]
            told = {"latched": state.latched, "reason": state.reason, "flat_seen": state.flat_seen, "not_flat": held}
    except Exception as error:  # noqa: BLE001 - whatever a broken journal does, the flags are told
        unknown["journal"] = error.message if isinstance(error, KaratError) else f"{type(error).__name__}: {error}"
    return {**told, "flags": flags, "unknown": unknown}
