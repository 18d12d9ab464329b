#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# walk_through.sh CONNECTION_STRING HUB CONNECTION_ID: every kind of call to the REST interface, with nothing but curl and
# openssl. The client of CONNECTION_ID belongs to the user ann, and is closed at the end.
set -euo pipefail
connection_string=$1 hub=$2 connection=$3

# ---- the connection string ----
field() { tr ';' '\n' <<<"$connection_string" | sed -n "s/^$1=//p"; }
base="$(field Endpoint):$(field Port)/api/hubs/$hub"
key=$(field AccessKey)

# ---- a token: a JWT for one URL and five minutes, signed with the text of the key ----
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
token() {
    local text signature
    text=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf '{"aud":"%s","exp":%d}' "$1" $(($(date +%s) + 300)) | base64url)
    signature=$(printf '%s' "$text" | openssl dgst -sha256 -hmac "$key" -binary | base64url)
    printf '%s.%s' "$text" "$signature"
}

# ---- call EXPECTED METHOD PATH [QUERY [BODY]]: prints the status, which must be the expected one ----
call() {
    local expected=$1 method=$2 url=$base$3 query="api-version=2022-06-01${HUBPLANE_QUERY:+&$HUBPLANE_QUERY}${4:+&$4}" status arguments=(-X "$2")
    [ "$method" != HEAD ] || arguments=(--head)
    [ $# -lt 5 ] || arguments+=(-H 'Content-Type: application/json' -d "$5")
    status=$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(token "$url")" "${arguments[@]}" "$url?$query")
    echo "$status $method $3"
    [ "$status" = "$expected" ]
}

say() { printf '{"target":"broadcastMessage","arguments":["curl","%s"]}' "$1"; }

call 202 POST   /:send '' "$(say 'hello, everybody')"
call 202 POST   /:send "excluded=$connection" "$(say 'hello, everybody else')"
call 200 HEAD   /users/ann
call 404 HEAD   /users/nobody
call 202 POST   /users/ann/:send '' "$(say 'hello, ann')"
call 200 HEAD   "/connections/$connection"
call 202 POST   "/connections/$connection/:send" '' "$(say 'hello, you')"
call 200 PUT    "/groups/room/connections/$connection"
call 200 HEAD   /groups/room
call 200 HEAD   /users/ann/groups/room
call 202 POST   /groups/room/:send '' "$(say 'hello, room')"
call 200 DELETE "/groups/room/connections/$connection"
call 202 POST   /groups/room/:send '' "$(say 'is anybody there?')"
call 200 PUT    /users/ann/groups/friends
call 204 DELETE /users/ann/groups
call 200 DELETE "/connections/$connection" 'reason=The%20walk%20is%20over.'
