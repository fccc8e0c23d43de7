#!/usr/bin/env bash
# The tests: first the plain twin (the same sources, uncompiled) where it is quick, then all of them on two workers.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
workers=${KARAT_TEST_WORKERS:-2}
unset PYTHONDONTWRITEBYTECODE # tests start hundreds of processes: none should compile again what another has
pytest=(.venv/bin/python -m pytest -q)

KARAT_PLAIN=1 "${pytest[@]}" -n "$workers" tests/golden tests/property/test_by_trade.py tests/unit/bars \
    tests/unit/indicators tests/unit/stats
"${pytest[@]}" -n "$workers" "$@"
