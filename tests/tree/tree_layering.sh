#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal of this test: a file includes only what its layer may see (the design's "arrows"), and each
# third-party or system header stays in the few files that wrap it.
set -uo pipefail
. tests/tree/tree_files.sh

# One line an include: FILE<tab>LINE<tab>HEADER, with the quotes or brackets.
mapfile -t files < <(tree_files 'common/*.[ch]' 'common/*.def' 'service/*.[ch]' 'service/*.def' \
    'bridge/*.[ch]' 'bridge/*.def' 'samples/*.c')
[ ${#files[@]} -gt 0 ] || exit 0
includes=$(awk '/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    header = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
    sub(/[ \t]*(\/\*.*)?$/, "", header)
    printf "%s\t%d\t%s\n", FILENAME, FNR, header
}' "${files[@]}")

# own_headers LAYER ALLOWED: in files below LAYER, quoted includes must match ALLOWED.
own_headers() {
    awk -F '\t' -v layer="$1" -v allowed="$2" '
        index($1, layer) == 1 && $3 ~ /^"/ && $3 != "\"hubplane_version.h\"" && $3 !~ "^\"(" allowed ")" {
            print $1 ":" $2 ": " $3 }' <<<"$includes" |
        tree_report "$1 may include only ${2//|/, }"
}

# foreign_headers HEADER ALLOWED: the header (a regular expression) only in files that match ALLOWED.
foreign_headers() {
    awk -F '\t' -v header="$1" -v allowed="$2" '
        $3 ~ "^<(" header ")" && $1 !~ "^(" allowed ")$" { print $1 ":" $2 ": " $3 }' <<<"$includes" |
        tree_report "<$1> is only for $2"
}

own_headers common/base/ 'common/base/'
own_headers common/wire/ 'common/base/|common/wire/'
own_headers common/net/ 'common/'
own_headers service/ 'common/|service/'
own_headers bridge/ 'common/|bridge/'
own_headers samples/ 'hubplane_hub\\.h'
# Bytes and a clock in, bytes and events out: no sockets, no loop.
for folder in identity signalr http websocket hubs upstream redis_endpoint; do
    own_headers "service/$folder/" 'common/base/|common/wire/|service/'
done
own_headers bridge/route/history 'common/base/|common/wire/|bridge/'

foreign_headers 'uv[./]' 'common/net/.*|bridge/redis/.*'
awk -F '\t' '$3 ~ /^<uv[.\/]/ && $1 ~ /^bridge\// { print $1 }' <<<"$includes" | sort -u | tail -n +2 |
    tree_report "<uv.h> in more than one file of the bridge"
foreign_headers 'openssl/' \
    'common/net/(tls[a-z_]*\.c|tls_openssl\.h)|common/base/(crypto|certificate)[a-z_]*\.c|bridge/authority/[a-z_]*\.c'
foreign_headers 'hiredis/' 'bridge/redis/.*'
foreign_headers 'llhttp' 'service/http/.*|bridge/admin/admin_server\.c'
foreign_headers 'ini\.h' 'common/base/option[a-z_]*\.c'
foreign_headers 'cmocka' 'nothing but tests'
foreign_headers '(windows|winsock2?|ws2tcpip|windef|winbase|winsvc|winreg)\.h' '.*_windows\.c'

grep -nE '^[ \t]*#.*\b(_WIN32|_WIN64|WIN32|__MINGW32__)\b' "${files[@]}" /dev/null |
    grep -vE '^(common/base/annotate\.h|service/hubs/hubplane_hub\.h|[^:]*_windows\.c):' |
    tree_report 'Platforms are told apart by twin files, not by #ifdef'

exit "$tree_failed"
