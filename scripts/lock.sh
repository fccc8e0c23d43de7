#!/usr/bin/env bash
# Write requirements/*.lock anew from pyproject.toml: every package with version and hashes, for every Python and
# platform that Karat supports, and without the name of any registry.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock() { # lock NAME ARGUMENT...
    local name=$1
    shift
    uv pip compile pyproject.toml "$@" --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header --no-emit-index-url --output-file "requirements/$name.lock"
}

lock run --extra download
lock extras --all-extras --constraint requirements/run.lock
lock test --all-extras --group dev --constraint requirements/extras.lock
lock bench --all-extras --group dev --group bench --constraint requirements/test.lock
