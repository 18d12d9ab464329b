#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/format.sh [--check]    format (or only check) every C file git knows about
#
# One step before clang-format: a comment after a declaration that does not fit the line moves to a
# line of its own above it, where clang-format would rather break the declaration.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

format_one() {
    awk 'length($0) > 100 && match($0, /[;,{][ \t]+\/\*.*\*\/$/) {
            code = substr($0, 1, RSTART)
            if (code !~ /\/\*/ && code !~ /^#/) {
                comment = substr($0, RSTART + 1)
                sub(/^[ \t]+/, "", comment)
                match(code, /^[ \t]*/)
                print substr(code, 1, RLENGTH) comment
                print code
                next
            }
        }
        { print }' "$1" | clang-format --style=file --assume-filename="$1"
}

if [ "${1:-}" = --one ]; then # for the parallel runs below
    formatted=$(mktemp)
    trap 'rm -f "$formatted"' EXIT
    format_one "$3" >"$formatted"
    cmp -s "$formatted" "$3" && exit 0
    echo "$3"
    [ "$2" = check ] || cat "$formatted" >"$3"
    exit 0
fi

mode=write
[ "${1:-}" != --check ] || mode=check
changed=$(git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' |
    xargs -0 -r -n 1 -P "$(nproc)" "tools/$(basename "$0")" --one "$mode")
[ -n "$changed" ] || exit 0
if [ "$mode" = check ]; then
    echo "not formatted (run ./dev format):"
    sed 's/^/  /' <<<"$changed"
    exit 1
fi
sed 's/^/formatted /' <<<"$changed"
