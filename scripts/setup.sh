#!/usr/bin/env bash
# Make .venv from the locked requirements and install Karat into it. Nothing is done while the lock is that of the last
# time.
#   scripts/setup.sh run      what Karat needs to run, downloads from exchanges included
#   scripts/setup.sh extras   that, and what single commands need: equities, SQL, PostgreSQL, Redis, S3, Optuna, Ray
#   scripts/setup.sh test     that, and what its checks and tests need
#   scripts/setup.sh bench    that, and the libraries it is compared with
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kind=${1:-run}
venv=$root/.venv
bootstrap=$root/.bootstrap

say() { printf '%s\n' "$*" >&2; }

fit() { # fit PYTHON: 3.11 to 3.13?
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    local name
    for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        if [ -n "$name" ] && command -v "$name" >/dev/null && fit "$name"; then
            printf '%s' "$name"
            return
        fi
    done
    say "error: no Python 3.11, 3.12 or 3.13 is here. Install one, or name it: PYTHON=/path/to/python make ..."
    exit 2
}

ensure_uv() { # put uv on the path: the machine's own, or one from PyPI in .bootstrap/
    if command -v uv >/dev/null; then return; fi
    if [ ! -x "$bootstrap/bin/uv" ]; then
        say "No uv on this machine: fetching one from PyPI into .bootstrap/ (once)"
        rm -rf "$bootstrap"
        if ! "$python" -m venv "$bootstrap" >/dev/null 2>&1; then
            apt_install python3-venv || { say "error: $python cannot make a venv. Install python3-venv, or uv."; exit 2; }
            rm -rf "$bootstrap"
            "$python" -m venv "$bootstrap"
        fi
        "$bootstrap/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
    fi
    export PATH=$PATH:$bootstrap/bin
}

apt_install() { # apt_install PACKAGE...: as root on a Debian; otherwise fails
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing $* with apt"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null
}

ensure_browser() { # the tests of the page want a Chromium; without one they say that they were not run
    local name
    for name in "${KARAT_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null; then return; fi
    done
    if apt_install chromium; then return; fi
    say "No Chromium is here and it could not be installed: the tests of the page need one (apt install chromium)."
    if [ -n "${CI:-}" ]; then exit 2; fi
}

ensure_postgres() { # the tests of the journal want a PostgreSQL server; without one they say that they were not run
    if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then return; fi
    if apt_install postgresql; then return; fi
    say "No PostgreSQL is here and it could not be installed: the tests of the journal need one (apt install postgresql)."
    if [ -n "${CI:-}" ]; then exit 2; fi
}

ensure_redis() { # the tests of the kill switch want a Redis server; without one they say that they were not run
    if command -v redis-server >/dev/null; then return; fi
    if apt_install redis-server; then return; fi
    say "No Redis is here and it could not be installed: the tests of the kill switch need one (apt install redis-server)."
    if [ -n "${CI:-}" ]; then exit 2; fi
}

case $kind in
    run) locks=("$root/requirements/run.lock") ;;
    extras) locks=("$root/requirements/extras.lock") ;;
    test) locks=("$root/requirements/test.lock") ;;
    bench) locks=("$root/requirements/test.lock" "$root/requirements/bench.lock") ;;
    *)
        say "usage: scripts/setup.sh run|extras|test|bench"
        exit 2
        ;;
esac

python=$(find_python)
ensure_uv
if ! fit "$venv/bin/python"; then
    rm -rf "$venv"
    uv venv --quiet --python "$(command -v "$python")" "$venv"
fi

stamp=$venv/karat-$kind
wanted=$(cat "${locks[@]}" "$root/pyproject.toml" | cksum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    say "Installing what Karat needs ($kind) into .venv"
    for lock in "${locks[@]}"; do
        uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"
    done
    uv pip install --quiet --python "$venv/bin/python" --no-deps -e "$root"
    printf '%s' "$wanted" >"$stamp"
fi
if [ "$kind" = test ]; then
    ensure_browser
    ensure_postgres
    ensure_redis
fi
