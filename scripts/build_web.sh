#!/usr/bin/env bash
# Build the page into src/karat/api/static/: install, check types, test, bundle, weigh. Nothing is done while the
# sources are those of the last build.
#   scripts/build_web.sh           build when needed
#   scripts/build_web.sh --check   say whether the built page is current: exit 0 or 1, nothing is changed
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
web=$root/web
built=$root/src/karat/api/static
stamp=$built/build-stamp
shell_kb_max=160 # gzipped entry and style sheet, of the dashboard's targets
all_kb_max=600

say() { printf '%s\n' "$*" >&2; }

sums() { # sha256 of files or of standard input; macOS has it under another name
    if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

sources_hash() {
    cd "$web"
    find index.html package.json package-lock.json tsconfig.json vite.config.ts public src -type f -print0 |
        LC_ALL=C sort -z | while IFS= read -r -d '' file; do sums "$file"; done | sums | cut -d' ' -f1
}

gzip_kb() { # gzip_kb FILE...: what the files weigh on the wire, in kB
    local file bytes=0
    for file in "$@"; do
        bytes=$((bytes + $(gzip -6 -c "$file" | wc -c)))
    done
    printf '%s' $(((bytes + 999) / 1000))
}

licences() { # what is bundled keeps its licence beside it
    local package
    mkdir -p "$built/licenses"
    for package in react react-dom scheduler uplot tailwindcss @fontsource-variable/inter @fontsource/ibm-plex-mono; do
        cp "$web/node_modules/$package/LICENSE" "$built/licenses/${package//\//-}.txt"
    done
}

weigh() { # the bundle keeps inside its targets, or the build fails
    local shell all
    shell=$(gzip_kb "$built"/assets/index-*.js "$built"/assets/index-*.css)
    all=$(gzip_kb "$built"/assets/*.js "$built"/assets/*.css)
    say "page: shell $shell kB of $shell_kb_max, all chunks $all kB of $all_kb_max, gzipped"
    [ "$shell" -le "$shell_kb_max" ] && [ "$all" -le "$all_kb_max" ]
}

hash=$(sources_hash)
current=no
if [ -f "$stamp" ] && [ -f "$built/index.html" ] && [ "$(cat "$stamp")" = "$hash" ]; then
    current=yes
fi

if [ "${1:-}" = --check ]; then
    [ $current = yes ]
    exit
fi
if [ $current = yes ]; then
    say "page: built already, sources unchanged"
    exit 0
fi

bin=$("$root/scripts/ensure_node.sh")
export PATH=$bin:$PATH
cd "$web"
# The lock names the native binaries of every platform. A registry that lacks some makes `npm install` drop those lines:
# put them back before committing, or the page cannot be built elsewhere.
lock=$(sums <package-lock.json)
if [ "$(cat node_modules/.karat-lock 2>/dev/null)" != "$lock" ]; then
    npm ci --no-audit --no-fund --loglevel=error >&2
    printf '%s\n' "$lock" >node_modules/.karat-lock
fi
npm run --silent check >&2
npm test --silent >&2
npm run --silent build -- --logLevel warn >&2
if ! weigh; then
    rm -rf "$built"
    say "error: the page is heavier than its target"
    exit 1
fi
licences
printf '%s\n' "$hash" >"$stamp"
