#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/dependencies.sh native | windows      fetch and build the libraries Hubplane links to
# tools/dependencies.sh path native | windows print where they are (or will be)
#
# Native: what Debian packages in a version that serves is installed with apt; hiredis (with TLS),
# llhttp, yyjson and inih are built. Windows: all are cross-compiled, static. Upstream tarballs come
# from Debian source packages, through a private apt configuration that points at this machine's own
# mirror and leaves its package lists alone; every tarball has its SHA-256 pinned below.
#
# The result lives outside the source tree, in a folder named after the hash of this script, so a
# changed recipe is built anew and CMake knows where to look. A second run returns at once.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/packages.sh
. "$here/packages.sh"

cache=${HUBPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hubplane}
recipe=$(sha256sum "$here/dependencies.sh" | cut -c1-12)
root=$cache/deps-$recipe
downloads=$cache/downloads
work=
jobs=$(nproc 2>/dev/null || echo 2)

# What the compilers of both targets need.
native_packages=(gcc libc6-dev pkg-config libuv1-dev libssl-dev libmimalloc-dev
    libcmocka-dev)
windows_packages=(gcc-mingw-w64-x86-64 binutils-mingw-w64-x86-64 mingw-w64-x86-64-dev cmake
    ninja-build make perl)
fetch_packages=(ca-certificates debian-archive-keyring xz-utils bzip2)

# name of the source package, tarball, SHA-256
pins='
hiredis  hiredis_1.2.0.orig.tar.gz      82ad632d31ee05da13b537c124f819eb88e18851d9cb0c30ae0552084811588c
yyjson   yyjson_0.10.0+ds.orig.tar.xz   ae6fde69a193e10afab426ef13f113d6903446405f9db9ee98bfb572bd6c961a
libinih  libinih_59.orig.tar.gz         062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4
libuv1   libuv1_1.44.2.orig.tar.gz      d79b4b06ef04be85fb890bf39d55942cc64c2e15fd14eaa32dae5dce94485484
openssl  openssl_3.0.22.orig.tar.gz     67ebca7e50d17383028045486653492195b83db95f8558709701bb47b5c1ef81
cmocka   cmocka_1.1.5.orig.tar.xz       f0ccd8242d55e2fd74b16ba518359151f6f8383ff8aef4976e48393f77bba8b6
'
# llhttp 8.1.0 is generated C, taken from a binary package whose revision may change; its files may not.
llhttp_pins='
d10cbae21267c5d08e0dac01c8584c799b50be7dddd0a0f3193d110922981c38  usr/share/include/llhttp/llhttp.h
6e5a4528cd67bb79c3b1c1e08bb8b4d9beeac4775877098d28be0a8f0d000897  usr/share/llhttp/api.c
c55eda50972fb150c093d54ba4a92921906f1f51ee60a6b1e0d13f5b9877f539  usr/share/llhttp/http.c
af384dc4a9e83b4b2ef8a658117a42afa1ee1585344563818ac730604e150f5f  usr/share/llhttp/llhttp.c
'
# These also shape ini.h; cmake/HubplaneDependencies.cmake repeats them for our own code.
inih_defines=(-DINI_HANDLER_LINENO=1 -DINI_CALL_HANDLER_ON_NEW_SECTION=1 -DINI_ALLOW_MULTILINE=0
    -DINI_ALLOW_INLINE_COMMENTS=0 -DINI_USE_STACK=0 -DINI_ALLOW_REALLOC=1 -DINI_INITIAL_ALLOC=256
    -DINI_MAX_LINE=65536)

say() { echo "dependencies: $*" >&2; }
die() { say "error: $*"; exit 1; }

# quietly LABEL COMMAND...: run with its output in a file, shown only when it fails.
quietly() {
    local label=$1 log
    shift
    log=$work/$(echo "$label" | tr -c 'a-zA-Z0-9\n' '-').log
    say "$label"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        die "$label failed"
    fi
}

# ---- fetching ----------------------------------------------------------------------------------

# The mirror this machine already uses for RELEASE, if apt knows it.
mirror_of() {
    apt-get indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 2>/dev/null |
        awk -v release="$1" '$1 == release || $2 == release { print $3; exit }'
}

private_apt=()
private_apt_open() {
    local codename main security keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ ${#private_apt[@]} -eq 0 ] || return 0
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    main=$(mirror_of "$codename")
    [ -n "$main" ] || main=$(mirror_of stable)
    [ -n "$main" ] || die "apt knows no mirror for '$codename'; Debian 12 or 13 is needed"
    security=$(mirror_of "$codename-security")
    [ -n "$security" ] || security=${main%/}-security
    local apt=$cache/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
    {
        echo "deb-src [signed-by=$keyring] $main bookworm main"
        echo "deb-src [signed-by=$keyring] $main trixie main"
        echo "deb-src [signed-by=$keyring] $security bookworm-security main"
        echo "deb [signed-by=$keyring arch=amd64] $main bookworm main"
    } >"$apt/sources.list"
    private_apt=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts"
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
        -o APT::Get::List-Cleanup=false -o Acquire::Retries=3 -o "APT::Sandbox::User=$(id -un)")
    packages_ensure "${fetch_packages[@]}"
    say "reading the source package lists"
    if ! apt-get "${private_apt[@]}" -qq update >"$work/update.log" 2>&1; then
        # An old image may not know the keys of the newer release yet.
        packages_apt update >/dev/null 2>&1 || true
        packages_apt install debian-archive-keyring >/dev/null 2>&1 || true
        apt-get "${private_apt[@]}" -qq update >"$work/update.log" 2>&1 ||
            say "warning: $(tail -n 1 "$work/update.log")"
    fi
}

is_pinned() { echo "$2  $1" | sha256sum --check --status 2>/dev/null; }

# The versions of source package $1 which contain the tarball $2.
versions_with() {
    apt-cache "${private_apt[@]}" showsrc "$1" 2>/dev/null |
        awk -v file="$2" '/^Version:/ { version = $2 } $3 == file { print version }' | sort -u
}

# fetch NAME: put its pinned tarball into $downloads and name it in $tarball.
fetch() {
    local name=$1 file sum version
    read -r file sum < <(awk -v name="$name" '$1 == name { print $2, $3 }' <<<"$pins")
    tarball=$downloads/$file
    if [ -f "$tarball" ]; then
        is_pinned "$tarball" "$sum" && return 0
        rm -f "$tarball"
    fi
    private_apt_open
    say "fetching $file"
    for version in $(versions_with "$name" "$file"); do
        # Other parts of the source package may be missing from the mirror; only the tarball matters.
        (cd "$downloads" && apt-get "${private_apt[@]}" -qq source --tar-only --download-only \
            "$name=$version" >"$work/fetch.log" 2>&1) || true
        [ ! -f "$tarball" ] || break
    done
    [ -f "$tarball" ] || fetch_successor "$name" "$file" && [ -f "$tarball" ] || {
        [ ! -s "$work/fetch.log" ] || tail -n 5 "$work/fetch.log" >&2
        die "$file is not on this mirror"
    }
    [ -n "${successor:-}" ] || is_pinned "$tarball" "$sum" || die "$file has a wrong SHA-256"
}

# OpenSSL only: a security update replaces the pinned tarball in the archive. A later 3.0.x is
# accepted on the strength of the archive's signed index, with a warning.
fetch_successor() {
    local name=$1 file=$2 version
    [ "$name" = openssl ] || return 1
    version=$(apt-cache "${private_apt[@]}" showsrc openssl 2>/dev/null |
        awk '/^Version: 3\.0\./ { print $2 }' | sort -V | tail -n 1)
    [ -n "$version" ] || return 1
    say "warning: $file was replaced in the archive; taking openssl $version (update the pin)"
    (cd "$downloads" && apt-get "${private_apt[@]}" -qq source --tar-only --download-only \
        "openssl=$version" >"$work/fetch.log" 2>&1) || true
    tarball=$downloads/openssl_${version%%-*}.orig.tar.gz
    successor=$version
}

fetch_llhttp() {
    local folder=$downloads/llhttp-8.1.0
    llhttp=$folder
    if [ -d "$folder" ] && (cd "$folder" && sha256sum --check --status <<<"${llhttp_pins//$'\n\n'/}"); then
        return 0
    fi
    private_apt_open
    say "fetching llhttp"
    rm -rf "$folder" "$work/llhttp"
    mkdir -p "$folder" "$work/llhttp"
    (cd "$work/llhttp" && apt-get "${private_apt[@]}" -qq download node-llhttp/bookworm \
        >"$work/fetch.log" 2>&1) || { tail -n 5 "$work/fetch.log" >&2; die "llhttp is not on this mirror"; }
    dpkg-deb -x "$work"/llhttp/node-llhttp_*.deb "$folder"
    (cd "$folder" && sha256sum --check --quiet <<<"$(sed '/^$/d' <<<"$llhttp_pins")") ||
        die "llhttp has a wrong SHA-256"
}

# unpack NAME: fetch it, unpack it, and name the folder in $source.
unpack() {
    fetch "$1"
    source=$work/$1
    mkdir -p "$source"
    tar -xf "$tarball" -C "$source" --strip-components=1
}

# ---- building ----------------------------------------------------------------------------------

# static_library OUTPUT FLAGS... -- SOURCES...: compile the sources and make a static library.
static_library() {
    local output=$1 flags=() objects=() file object
    shift
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    for file in "$@"; do
        object=$work/$(basename "$output")-$(basename "${file%.c}").o
        "$cc" -O2 -g -fPIC "${flags[@]}" -c "$file" -o "$object"
        objects+=("$object")
    done
    rm -f "$output"
    "$ar" rcs "$output" "${objects[@]}"
}

build_small_libraries() {
    local prefix=$1
    mkdir -p "$prefix/include" "$prefix/lib"

    fetch_llhttp
    cp "$llhttp/usr/share/include/llhttp/llhttp.h" "$prefix/include/"
    # Strict: what the lenient parser forgives (a bare CR in chunk framing) smuggles requests past a proxy.
    quietly "building llhttp" static_library "$prefix/lib/libllhttp.a" -I"$prefix/include" \
        -DLLHTTP_STRICT_MODE=1 -- \
        "$llhttp"/usr/share/llhttp/{llhttp,api,http}.c

    unpack yyjson
    cp "$source/src/yyjson.h" "$prefix/include/"
    quietly "building yyjson" static_library "$prefix/lib/libyyjson.a" -- "$source/src/yyjson.c"

    unpack libinih
    cp "$source/ini.h" "$prefix/include/"
    quietly "building inih" static_library "$prefix/lib/libinih.a" "${inih_defines[@]}" -- \
        "$source/ini.c"
}

build_hiredis() {
    local prefix=$1 sources=() name
    unpack hiredis
    mkdir -p "$prefix/include/hiredis/adapters"
    cp "$source"/{alloc,async,hiredis,hiredis_ssl,read,sds,sockcompat}.h "$prefix/include/hiredis/"
    cp "$source/adapters/libuv.h" "$prefix/include/hiredis/adapters/"
    for name in alloc async hiredis net read sds sockcompat; do
        sources+=("$source/$name.c")
    done
    quietly "building hiredis" static_library "$prefix/lib/libhiredis.a" -- "${sources[@]}"
    quietly "building hiredis_ssl" static_library "$prefix/lib/libhiredis_ssl.a" -- "$source/ssl.c"
}

build_native() {
    packages_ensure "${native_packages[@]}"
    cc=gcc ar=ar
    build_small_libraries "$1"
    build_hiredis "$1"
}

cmake_cross() {
    local folder=$1
    shift
    cmake -S "$folder" -B "$folder/build-mingw" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_C_FLAGS="-D_WIN32_WINNT=0x0602 -fstack-protector-strong" "$@"
}

build_openssl_windows() {
    (
        cd "$source"
        ./Configure mingw64 --cross-compile-prefix=x86_64-w64-mingw32- \
            no-shared no-module no-tests no-dso no-engine no-legacy no-ssl3 no-ssl3-method no-tls1 \
            no-tls1_1 no-dtls no-comp no-zlib no-capieng no-autoload-config no-ui-console no-md2 \
            no-md4 no-mdc2 no-rc2 no-rc4 no-rc5 no-idea no-seed no-bf no-cast no-camellia no-aria \
            no-sm2 no-sm3 no-sm4 no-des no-rmd160 no-whirlpool no-blake2 no-gost no-scrypt \
            no-siphash no-ec2m no-dsa no-srp no-psk no-srtp no-sctp no-nextprotoneg no-cms no-ts \
            no-ct no-cmp no-ocsp no-rfc3779 -D_WIN32_WINNT=0x0602
        nice make -j"$jobs" build_generated libcrypto.a libssl.a
    )
}

build_windows() {
    local prefix=$1
    packages_ensure "${windows_packages[@]}"
    cc=x86_64-w64-mingw32-gcc ar=x86_64-w64-mingw32-ar
    build_small_libraries "$prefix"

    unpack cmocka
    quietly "configuring cmocka" cmake_cross "$source" -DBUILD_SHARED_LIBS=OFF -DWITH_EXAMPLES=OFF \
        -DUNIT_TESTING=OFF -DWITH_STATIC_LIB=ON
    quietly "building cmocka" nice cmake --build "$source/build-mingw"
    cp "$source"/include/cmocka*.h "$prefix/include/"
    cp "$(find "$source/build-mingw" -name 'libcmocka*.a' ! -name '*.dll.a' | head -n 1)" \
        "$prefix/lib/libcmocka.a"

    unpack libuv1
    quietly "configuring libuv" cmake_cross "$source" -DLIBUV_BUILD_TESTS=OFF
    quietly "building libuv (a minute)" nice cmake --build "$source/build-mingw" --target uv_a
    cp -r "$source/include/uv.h" "$source/include/uv" "$prefix/include/"
    cp "$(find "$source/build-mingw" -name 'libuv_a.a')" "$prefix/lib/libuv_a.a"

    unpack openssl
    quietly "building OpenSSL (several minutes)" build_openssl_windows
    cp -r "$source/include/openssl" "$prefix/include/"
    cp "$source/libssl.a" "$source/libcrypto.a" "$prefix/lib/"
}

# ---- main --------------------------------------------------------------------------------------

install_target() {
    local target=$1 prefix=$root/$1
    [ ! -f "$prefix/.complete" ] || return 0
    mkdir -p "$cache" "$downloads"
    exec 9>"$cache/lock"
    flock -n 9 || { say "waiting for another run"; flock 9; }
    [ ! -f "$prefix/.complete" ] || return 0
    work=$(mktemp -d "$cache/work-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    rm -rf "$prefix"
    "build_$target" "$prefix"
    touch "$prefix/.complete"
    say "$target libraries are ready"
}

case "${1:-}" in
    native | windows) install_target "$1" ;;
    path) echo "$root/${2:?native or windows}" ;;
    *)
        sed -n '4,5s/^# //p' "$0" >&2
        exit 2
        ;;
esac
