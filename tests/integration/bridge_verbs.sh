#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal of this test: every verb of hubplane-bridge does what its help says, and mistakes are
# explained in one sentence with exit code 2 (1 when the surroundings are to blame).
set -uo pipefail

bridge=${HUBPLANE_BIN_DIR:?}/hubplane-bridge
source=${HUBPLANE_SOURCE_DIR:?}
folder=$(mktemp -d)
running=()
# shellcheck disable=SC2329 # by trap
clean_up() {
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$folder"
}
trap clean_up EXIT
cd "$folder" || exit 1
failed=0

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' out err
    failed=1
}

# expect CODE TEXT ARGUMENT...: the exit code, and TEXT (an extended regular expression) in what it says.
expect() {
    local code=$1 text=$2 actual
    shift 2
    "$bridge" "$@" >out 2>err
    actual=$?
    [ "$actual" = "$code" ] || fail "$* ended with $actual, not $code"
    grep -qE -- "$text" out err || fail "$* did not say: $text"
}

# free_port: one that nobody uses just now, and that no connection is given by the system
free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 50); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
            echo "$port"
            return
        }
    done
}

# Words
expect 0 '^hubplane-bridge [0-9]+\.[0-9]+\.[0-9]+$' --version
expect 0 'usage: hubplane-bridge VERB' --help
expect 2 'usage: hubplane-bridge VERB'
expect 0 'usage: hubplane-bridge issue NAME' help issue
expect 0 'usage: hubplane-bridge run' run --help
expect 2 'there is no verb "frobnicate"' frobnicate
expect 2 'there is no verb' help frobnicate
expect 0 '^\[redis\]' sample
diff -u "$source/installer/config/bridge.ini" out ||
    fail 'installer/config/bridge.ini differs from "hubplane-bridge sample"; write it anew'

# Configuration
expect 2 'no-such.ini' run --config no-such.ini
expect 2 'no-such.ini' check --config no-such.ini
expect 2 '--config needs a file' check --config
expect 2 'is not understood' run nonsense
printf '[bridge]\nlistn = x\nlog_level = loud\n[redis]\naddress = here\n[app a*]\n' >bad.ini
expect 2 'bad.ini:2: \[bridge\] listn: unknown option; did you mean listen' check --config bad.ini
for line in 3 5 6; do
    grep -q "^bad.ini:$line: " err || fail "bad.ini line $line is not explained"
done

# Authority
port=$(free_port)
printf '[bridge]\nlisten = 127.0.0.1:%s\nstate = state\nname = b1\n' "$port" >good.ini
expect 2 'make them with: hubplane-bridge ca' run --config good.ini
expect 1 'make one with: hubplane-bridge ca' issue web01 --config good.ini
expect 0 'no certificate has been issued from nowhere' list --state nowhere
expect 0 'authority is in state' ca --config good.ini
expect 1 'has an authority already' ca --state state
expect 0 'BEGIN CERTIFICATE' issue web01 --state state
grep -q 'PRIVATE KEY' out || fail 'no key in the credential file'
[ "$(grep -c 'BEGIN CERTIFICATE' out)" = 2 ] || fail 'not certificate and authority in the file'
expect 0 'BEGIN CERTIFICATE' issue web02 --apps 'Chat App,x' --days 7 --config=good.ini
openssl x509 -in out -noout -ext subjectAltName 2>/dev/null |
    grep -q 'URI:hubplane:node:web02, URI:hubplane:app:Chat%20App, URI:hubplane:app:x$' ||
    fail 'alternative names are wrong'
expect 2 'cannot be a name' issue 'a b' --state state
expect 2 'one name at a time' issue a b --state state
expect 2 '"--app=x" is not understood' issue a --app=x --state state
expect 2 '"--app" is not understood' issue --app --state state
expect 2 '"-n" is not understood' revoke -n --state state
expect 2 'the name of the node is missing' issue --state state
expect 2 'number from 1 to' issue a --days 0 --state state
expect 2 'leave it out for every app' issue a --apps '*' --state state
expect 0 '\[bridge\] state = state  ; good.ini:3' check --config good.ini
printf '[redis]\naddress = h:1\npassword_file = none\n' | cat good.ini - >bad.ini
expect 2 'bad.ini:7: \[redis\] password_file "none" cannot be read: nothing' check --config bad.ini
printf '[redis]\naddress = h:1\ntls = yes\ntls_authority = good.ini\n' | cat good.ini - >bad.ini
expect 2 'bad.ini:8: \[redis\] tls_authority "good.ini": there is no certificate' check --config bad.ini
printf '[redis]\naddress = h:1\ntls = yes\ntls_certificate = state/authority.crt\n' | cat good.ini - >bad.ini
expect 2 'bad.ini:8: \[redis\] tls_certificate "state/authority.crt": ' check --config bad.ini

# Running: memory, own credentials, tail, a second one, stopping
"$bridge" run --config good.ini 2>run.log &
running+=($!)
for _ in $(seq 100); do
    grep -q 'listening' run.log && break
    sleep 0.1
done
[ "$(grep -c 'backplane = memory' run.log)" = 1 ] || fail 'no warning about the memory backplane'
grep -q 'issued its own credentials' run.log || fail 'no credentials of its own'
[ "$(stat -c %a state/bridge.pem)" = 600 ] || fail 'state/bridge.pem is not private'
expect 1 "another program listens on 127.0.0.1:$port already; stop it, or change" run --config good.ini
expect 2 "app's key is needed" tail --config good.ini
timeout -s INT 2 "$bridge" tail ChatApp --config good.ini >out 2>err
[ $? = 124 ] || fail 'tail did not wait for messages'
kill -TERM "${running[0]}"
wait "${running[0]}" || fail 'run did not end with 0'
running=()
expect 1 'refused|reached' tail ChatApp --config good.ini

# Damaged credentials
head -c 300 state/bridge.pem >half.pem
printf 'credentials = half.pem\n' >>good.ini
expect 2 'half.pem: ' run --config good.ini
expect 2 'half.pem: ' check --config good.ini

exit "$failed"
