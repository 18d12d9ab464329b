#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# installer/windows/package.sh PROGRAM VERSION FOLDER: make FOLDER/hubplane-service.msi from hubplane-service.exe. Needs wixl,
# msitools and the mingw binutils.
#
# With HUBPLANE_SIGN_CERTIFICATE (PEM chain) and HUBPLANE_SIGN_KEY (PEM key), or
# HUBPLANE_SIGN_PKCS12 (and HUBPLANE_SIGN_PASSWORD), program and package are signed; HUBPLANE_SIGN_TIMESTAMP may name a
# time-stamp server.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$(realpath "$1") version=$2
mkdir -p "$3"
folder=$(realpath "$3")
for name in HUBPLANE_SIGN_CERTIFICATE HUBPLANE_SIGN_KEY HUBPLANE_SIGN_PKCS12; do
    [ -z "${!name:-}" ] || export "$name=$(realpath "${!name}")"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sign FILE: in place; does nothing without a certificate.
sign() {
    local identity=()
    if [ -n "${HUBPLANE_SIGN_PKCS12:-}" ]; then
        identity=(-pkcs12 "$HUBPLANE_SIGN_PKCS12" -pass "${HUBPLANE_SIGN_PASSWORD:-}")
    elif [ -n "${HUBPLANE_SIGN_CERTIFICATE:-}" ]; then
        identity=(-certs "$HUBPLANE_SIGN_CERTIFICATE" -key "$HUBPLANE_SIGN_KEY")
    else
        return 0
    fi
    osslsigncode sign "${identity[@]}" -h sha256 -n Hubplane ${HUBPLANE_SIGN_TIMESTAMP:+-ts "$HUBPLANE_SIGN_TIMESTAMP"} \
        -in "$1" -out "$1.signed" >/dev/null
    mv "$1.signed" "$1"
}

# Older editors of Windows want CR LF.
as_text() { sed 's/\r*$/\r/' "$1" >"$2"; }

x86_64-w64-mingw32-strip -o "$work/hubplane-service.exe" "$program"
sign "$work/hubplane-service.exe"
as_text "$root/installer/README.md" "$work/README.txt"
as_text "$root/LICENSE" "$work/LICENSE.txt"
as_text "$root/installer/windows/web.config" "$work/web.config"
as_text "$root/service/hubs/hubplane_hub.h" "$work/hubplane_hub.h"

cd "$work"
wixl -a x64 -D "VERSION=$version" -o package.msi "$root/installer/windows/hubplane-service.wxs"

# What wixl does not know.
change() { msibuild package.msi -q "$1"; }
for component in OptionBridge:BRIDGE OptionAppKey:APPKEY OptionListen:LISTEN OptionAdmin:ADMIN; do
    change "UPDATE Component SET Condition = '${component#*:}' WHERE Component = '${component%:*}'"
done
# The new version goes in before the old one goes out: components with the same Guid, and with them the service, its registry
# values and its folder, are never removed in between.
change "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('InstallExecute', 6500)"
change "UPDATE InstallExecuteSequence SET Sequence = 6550 WHERE Action = 'RemoveExistingProducts'"
# Registered last, since Wine forgets every product of the family when the old one goes: the next upgrade or downgrade would
# not find this one.
at=6560
for action in RegisterUser RegisterProduct PublishFeatures PublishProduct; do
    change "UPDATE InstallExecuteSequence SET Sequence = $at WHERE Action = '$action'"
    at=$((at + 10))
done
# A program without a version here would never replace one that has a version in its resources.
change "UPDATE File SET Version = '$version.0', Language = '1033' WHERE File = 'ServiceExe'"
change "DELETE FROM MsiFileHash WHERE File_ = 'ServiceExe'"
# Properties that may cross from the user to the installer service.
secure=$(msiinfo export package.msi Property | sed -nE 's/^SecureCustomProperties\t([^\r]*).*/\1/p')
names="BRIDGE;CREDENTIALS;APPKEY;LISTEN;ADMIN;PURGE${secure:+;$secure}"
if [ -n "$secure" ]; then
    change "UPDATE Property SET Value = '$names' WHERE Property = 'SecureCustomProperties'"
else
    change "INSERT INTO Property (Property, Value) VALUES ('SecureCustomProperties', '$names')"
fi
change "UPDATE Registry SET Value = '#%[INSTALLDIR]hubplane-service.exe' WHERE Registry = 'EventMessageFile'"
sign package.msi
mv package.msi "$folder/hubplane-service.msi"
