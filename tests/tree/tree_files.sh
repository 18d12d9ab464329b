# SPDX-License-Identifier: MIT
# Sourced by the tree tests: list our C files, and report.

# tree_files PATTERN...: files git knows or could add (so a forgotten "git add" is checked too).
tree_files() {
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u |
        while IFS= read -r file; do
            [ ! -f "$file" ] || printf '%s\n' "$file"
        done
}

# The last part of a pipe runs in this shell, so that tree_report can remember the failure.
shopt -s lastpipe

# tree_report SENTENCE: print what arrives on standard input below the sentence; any line is a failure.
tree_failed=0
tree_report() {
    local lines
    lines=$(cat)
    [ -n "$lines" ] || return 0
    printf '%s\n' "$1:"
    sed 's/^/  /' <<<"$lines"
    tree_failed=1
}

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    echo "not a git work tree"
    exit 77
fi
