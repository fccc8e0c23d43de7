"""python -m tests.chaos.storm SEED...     run seeds; one alone is told line by line

--count N       seeds from the one given on
--processes N   on so many processes
--profile NAME  calm, light, normal or heavy; default: by the seed
--tell          the whole timeline of a single seed, not only its last lines
--shrink        write what fails, with as few faults as it takes, into corpus/
--plan FILE     a plan of the corpus instead of a seed
--until-caught  stop at the first violation
--json          one JSON object a seed
--coverage      what was never met; exit code 1 where that is anything
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.storm.coverage import Coverage
from tests.chaos.storm.faults import FaultPlan, shrunk
from tests.chaos.storm.plug import the_plug
from tests.chaos.storm.seeding import judged, plan_of, setting_of, verdicts
from tests.chaos.storm.storm import Storm, Verdict
from tests.chaos.storm.timeline import lines

CORPUS = Path(__file__).parent / "corpus"
_LAST_LINES = 60


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    if asked.plan is not None:
        return _one(FaultPlan.from_json(asked.plan.read_text("utf-8")), asked)
    if len(asked.seeds) == 1 and asked.count == 1 and not asked.json:
        seed = asked.seeds[0]
        return _one(plan_of(seed, setting_of(seed), asked.profile), asked)
    return _many(asked)


def _one(plan: FaultPlan, asked: argparse.Namespace) -> int:
    storm = Storm(the_plug(), setting_of(plan.seed, plan.fleet), plan)
    verdict = storm.run()
    for line in lines(storm.tape, 0 if asked.tell else _LAST_LINES):
        print(line)
    print(_told(verdict))
    if verdict.violation is not None and asked.shrink:
        print(_shrunk(plan, verdict.violation.invariant))
    return int(verdict.violation is not None)


def _many(asked: argparse.Namespace) -> int:
    seeds = [seed + more for seed in asked.seeds for more in range(asked.count)]
    coverage, failed = Coverage(), 0
    for verdict in _until(verdicts(seeds, asked.processes, asked.profile), until_caught=asked.until_caught):
        coverage.add(verdict.counts)
        failed += verdict.violation is not None
        if asked.json:
            print(json.dumps(_as_dict(verdict)), flush=True)
        elif verdict.violation is not None:
            print(_told(verdict), flush=True)
            if asked.shrink:
                plan = plan_of(verdict.seed, setting_of(verdict.seed), asked.profile)
                print(_shrunk(plan, verdict.violation.invariant), flush=True)
    missing = coverage.missing() if asked.coverage else ()
    if not asked.json:
        print(f"{len(seeds)} seeds, {failed} of them broken")
        print("\n".join(f"never met: {name}" for name in missing), end="\n" if missing else "")
    return int(bool(failed or missing))


def _until(found: Iterator[Verdict], *, until_caught: bool) -> Iterator[Verdict]:
    for verdict in found:
        yield verdict
        if until_caught and verdict.violation is not None:
            return


def _shrunk(plan: FaultPlan, invariant: str) -> str:
    def fails(smaller: FaultPlan) -> bool:
        found = judged(smaller).violation
        return found is not None and found.invariant == invariant

    small = shrunk(plan, fails)
    path = CORPUS / f"{invariant}-{plan.seed}.json"
    CORPUS.mkdir(exist_ok=True)
    path.write_text(small.to_json(), "utf-8")
    return f"{len(small.faults)} of {len(plan.faults)} faults are enough: {path.name}"


def _told(verdict: Verdict) -> str:
    if verdict.violation is not None:
        return str(verdict.violation)
    return f"seed {verdict.seed} held: {verdict.steps} steps, {verdict.lives} lives, {verdict.trades} trades"


def _as_dict(verdict: Verdict) -> dict[str, object]:
    found = verdict.violation
    told = {"invariant": "" if found is None else found.invariant, "text": "" if found is None else found.text}
    ran = {"steps": verdict.steps, "lives": verdict.lives, "trades": verdict.trades}
    return {"seed": verdict.seed, **told, **ran, "log_hash": verdict.log_hash}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.storm", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--profile", default="")
    parser.add_argument("--plan", type=Path)
    for flag in ("--tell", "--shrink", "--until-caught", "--json", "--coverage"):
        parser.add_argument(flag, action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
