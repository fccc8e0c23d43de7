#!/usr/bin/env bash
# What the tests cannot say: style, types, floors and dead code. All are run, then all that failed are named.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PWD/.venv/bin:$PATH
failed=()

check() { # check NAME COMMAND...: quiet when it passes
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        printf '%-10s ok\n' "$name"
    else
        printf '%s\n%-10s FAILED: %s\n' "$output" "$name" "$*"
        failed+=("$name")
    fi
}

check style ruff check --quiet
check format ruff format --check --quiet
check types basedpyright
check floors lint-imports --no-logo
check dead vulture
if [ ${#failed[@]} -gt 0 ]; then
    printf 'make check failed: %s\n' "${failed[*]}"
    exit 1
fi
