#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal of this test: each header compiles alone, and twice (its guard works), without a warning. Runs
# with the compiler and options of the preset, which CMake left in tree_headers.arguments.
set -uo pipefail
. tests/tree/tree_files.sh

arguments=$HUBPLANE_BUILD_DIR/tree_headers.arguments
export arguments

compile_alone() {
    mapfile -t command <"$arguments"
    printf '#include "%s"\n#include "%s"\nextern int header_was_compiled;\n' "$1" "$1" |
        "${command[@]}" -fsyntax-only -x c - 2>&1
}
export -f compile_alone

case "$HUBPLANE_PRESET" in
    windows) other_platform='_posix\.h$|^bridge/|^tests/integration/' ;;
    *) other_platform='_windows\.h$' ;;
esac
tree_files '*.h' | grep -vE "$other_platform" |
    xargs -r -P "$(nproc)" -I {} bash -c 'compile_alone {}' |
    tree_report "Headers that do not compile alone"
exit "$tree_failed"
