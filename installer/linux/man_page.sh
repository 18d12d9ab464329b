#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# installer/linux/man_page.sh PROGRAM DATE: print hubplane-bridge(8), made of what the program says about itself.
set -euo pipefail
program=$1 date=$2

# What troff would take for its own: backslashes, hyphens, dots and quotes that begin a line.
escape() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&&/"; }

version=$("$program" version)
summary=$("$program" help | sed -nE '1s/^[^:]*: (.*)\.$/\1/p')
mapfile -t verbs < <("$program" help | sed -nE 's/^  ([a-z]+) .*/\1/p')

cat <<HEAD
.TH HUBPLANE\-BRIDGE 8 "$date" "${version}" "Hubplane"
.SH NAME
hubplane\-bridge \- $(escape <<<"$summary")
.SH SYNOPSIS
.B hubplane\-bridge
.I VERB
.RI [ ARGUMENT ...]
.SH VERBS
HEAD
for verb in "${verbs[@]}"; do
    echo .TP
    "$program" help "$verb" | escape | awk '
        NR == 1 { sub(/^usage: hubplane\\-bridge /, ""); print "\\fB" $0 "\\fR"; next }
        NR == 3 { print toupper(substr($0, 1, 1)) substr($0, 2); next }
        NR > 3'
done
cat <<'MIDDLE'
.SH CONFIGURATION
Every option with its default; a line that begins with ; is a comment.
MIDDLE
"$program" sample | escape | awk '
    /^; \(/ { range = "\n.br\n" substr($0, 3); next }
    /^; / { text = text (text == "" ? "" : "\n") substr($0, 3); next }
    /^\[/ { printf ".SS \"%s\"\n", $0; if (text != "") print text; text = ""; next }
    /^;/ { printf ".TP\n.B %s\n%s%s\n", substr($0, 2), text, range; text = range = ""; next }
    /^$/ { if (is_told == 0) { text = ""; is_told = 1 } }'
cat <<'TAIL'
.SH FILES
.TP
.I /etc/hubplane/bridge.ini
The configuration.
.TP
.I /var/lib/hubplane
The state directory: the authority of the farm, the lists of issued and revoked certificates, the secrets of the apps
and the credentials of this bridge. Keep a copy of it in a safe place.
.SH EXIT STATUS
0 done, 1 failed, 2 wrong usage or configuration.
.SH SIGNALS
.TP
.B SIGHUP
Read the configuration and the credentials anew.
.TP
.B SIGTERM
Ask the nodes to use another bridge, then end. A second one ends at once.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
TAIL
