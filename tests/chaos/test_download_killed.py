"""A download that is killed at any request goes on where it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECHECKED_BARS = 10  # the last bars that had come are compared, so they are asked for again on purpose


def test_a_download_killed_at_any_request_goes_on_where_it_was(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.chaos.download_killer", str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["requests"] == len(told["lives"]) > 8
    assert all(life["killed"] and life["equal"] for life in told["lives"])
    assert max(life["asked_again"] for life in told["lives"]) <= RECHECKED_BARS
