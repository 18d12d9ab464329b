#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal of this test: a file name says where to look: unique in the repository, snake_case, and every
# source carries its licence line.
set -uo pipefail
. tests/tree/tree_files.sh

mapfile -t files < <(tree_files '*.c' '*.h' '*.def' '*.mjs' '*.sh' '*.py')

printf '%s\n' "${files[@]}" | grep -vE '(^|/)main\.c$' |
    awk -F / '{ name = tolower($NF); seen[name] = seen[name] " " $0; count[name]++ }
        END { for (name in count) if (count[name] > 1) print name ":" seen[name] }' |
    tree_report "File names that are not unique"

printf '%s\n' "${files[@]}" | grep -E '\.(c|h|def)$' | grep -vE '(^|/)[a-z][a-z0-9_]*\.(c|h|def)$' |
    tree_report "File names that are not snake_case"

for file in "${files[@]}"; do
    case "$file" in
        *.c | *.h) head -n 1 "$file" | grep -qF 'SPDX-License-Identifier: MIT' || echo "$file" ;;
    esac
done | tree_report "Files whose first line is not /* SPDX-License-Identifier: MIT */"

exit "$tree_failed"
