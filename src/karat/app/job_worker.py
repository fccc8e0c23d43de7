"""`python -m karat.app.job_worker JOB`: work on one job that was launched; what it prints goes to the job's log."""

from __future__ import annotations

import sys

from karat.app.job_launcher import lower_priority


def work_on(job: str) -> int:
    """Claim a job, run its command, write how it ended. Returns the exit code."""
    from karat.app.console import EXIT_INTERRUPTED, show_failure, wants_json
    from karat.app.job_work import launched
    from karat.app.main import run_words
    from karat.core.errors import KaratError

    words: tuple[str, ...] = ()
    try:
        with launched(job) as (work, words):
            work.ended_with(run_words(words))
    except KaratError as error:
        return show_failure(error, as_json=wants_json(words))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return work.exit_code


if __name__ == "__main__":
    lower_priority()
    raise SystemExit(work_on(sys.argv[1]))
