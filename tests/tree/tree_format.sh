#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal of this test: every C file looks as ./dev format would leave it.
set -uo pipefail
. tests/tree/tree_files.sh

if ! command -v clang-format >/dev/null; then
    echo "clang-format is not installed"
    exit 77
fi
exec tools/format.sh --check
