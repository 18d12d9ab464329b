# SPDX-License-Identifier: MIT
# Sourced by dev and tools/dependencies.sh: Debian packages, installed only when missing.

# as_root COMMAND...: run as root, through sudo when we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "packages: need root (or sudo) to run: $*" >&2
        return 1
    fi
}

# packages_missing PACKAGE...: print those that are not installed. "a|b" is satisfied by either;
# what is printed, and installed, is the last alternative.
packages_missing() {
    local installed package alternative found
    installed=" $(dpkg-query -W -f='${binary:Package} ${db:Status-Abbrev}\n' 2>/dev/null |
        awk '$2 == "ii" { sub(/:.*/, "", $1); printf "%s ", $1 }')"
    for package in "$@"; do
        found=no
        for alternative in ${package//|/ }; do
            case "$installed" in
                *" $alternative "*) found=yes ;;
            esac
        done
        [ "$found" = yes ] || printf '%s\n' "${package##*|}"
    done | sort -u
}

# packages_apt ARGUMENT...: apt-get without questions, waiting for another apt to finish.
packages_apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq -y "$@"
}

# packages_ensure PACKAGE...: install what is missing. No service is started or left enabled: tests
# and demo run their own.
packages_ensure() {
    local missing package policy=/usr/sbin/policy-rc.d made_policy=no status=0 log
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    echo "packages: installing" $missing >&2
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null || return 1
        as_root chmod 755 "$policy"
        made_policy=yes
    fi
    log=$(mktemp)
    # shellcheck disable=SC2086 # one word a package
    {
        packages_apt install --no-install-recommends $missing >"$log" 2>&1 || {
            echo "packages: refreshing the package lists" >&2
            packages_apt update >"$log" 2>&1 &&
                packages_apt install --no-install-recommends $missing >"$log" 2>&1
        }
    } || status=$?
    if [ "$made_policy" = yes ]; then
        as_root rm -f "$policy"
    fi
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$log" >&2
        echo "packages: could not install:" $missing >&2
    elif [ -d /run/systemd/system ]; then
        for package in $missing; do
            case "$package" in
                redis-server | nginx) as_root systemctl disable "$package" >/dev/null 2>&1 || true ;;
            esac
        done
    fi
    rm -f "$log"
    return "$status"
}
