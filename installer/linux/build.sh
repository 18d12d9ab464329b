#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# installer/linux/build.sh PROGRAM VERSION FOLDER: make hubplane-bridge_VERSION_ARCHITECTURE.deb in FOLDER from the
# finished program. Needs debhelper.
set -euo pipefail
program=$(realpath "$1") version=$2
mkdir -p "$3"
folder=$(realpath "$3")
cd "$(dirname "${BASH_SOURCE[0]}")"

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
when() { date -u -d "@$SOURCE_DATE_EPOCH" "$1"; }

stage=$folder/deb
rm -rf "$stage"
mkdir -p "$stage"
cp -r debian "$stage/"
cp ../linux.md "$program" "$stage/"
"$program" sample >"$stage/bridge.ini"
./man_page.sh "$program" "$(when +%F)" >"$stage/hubplane-bridge.8"
{
    printf 'hubplane (%s) unstable; urgency=medium\n\n' "$version"
    awk -v heading="## $version" '
        /^## / { is_here = index($0, heading) == 1; next }
        is_here && /^- / { sub(/^- /, "  * "); has_entry = 1 }
        is_here && /^  [^*]/ { sub(/^ */, "    ") }
        is_here && NF
        END { if (!has_entry) print "  * Version " substr(heading, 4) "." }' ../../CHANGELOG.md | fold -s -w 74 | sed -E '/^  /!s/^/    /; s/ +$//'
    printf '\n -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' debian/control)" "$(when '+%a, %d %b %Y %H:%M:%S +0000')"
} >"$stage/debian/changelog"
(cd "$stage" && debian/rules binary >build.log 2>&1) || {
    cat "$stage/build.log" >&2
    exit 1
}
rm -rf "$stage"
