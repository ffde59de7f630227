#!/bin/sh
# Install the Debian or Ubuntu packages that a purpose needs: packages.sh build|demo|check|bench|pictures|arm64.
# Does nothing where they are all there; asks for root through sudo where it has to.
set -eu

build="gcc libc6-dev make pkg-config libjansson-dev libmnl-dev nettle-dev zlib1g-dev libmicrohttpd-dev liblzma-dev libbz2-dev libzstd-dev liblz4-dev libpcap-dev libcap-ng-dev libseccomp-dev libmaxminddb-dev linux-libc-dev uthash-dev libjsmn-dev"
demo="util-linux passwd procps"
check="libcmocka-dev libarchive-dev binutils strace coturn iproute2 nftables libcap2-bin clang libclang-rt-dev python3 python3-jsonschema tshark wireshark-common tcpdump mandoc python3-psutil net-tools poppler-utils"
bench="strace torsocks proxychains4 tcpdump tshark"
pictures="util-linux coturn iproute2 nftables python3 fonts-inter fonts-jetbrains-mono"
arm64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

case "${1-}" in
build) packages=$build browsers= ;;
demo) packages="$build $demo" browsers=any ;;
check) packages="$build $demo $check" browsers=both ;;
bench) packages="$build $bench" browsers= ;;
pictures) packages="$build $pictures" browsers=both ;;
arm64) packages="make $arm64" browsers= ;;
*)
    echo "usage: packages.sh build|demo|check|bench|pictures|arm64" >&2
    exit 2
    ;;
esac

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# libclang-rt-dev has a version in its name up to Debian 12; a browser from a snap can't be preloaded, so a package that only fetches one is no browser.
resolve() {
    case "$1" in
    libclang-rt-dev)
        for p in libclang-rt-dev $(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p'); do
            if installed "$p" || apt-cache show "$p" >/dev/null 2>&1; then
                echo "$p"
                return
            fi
        done
        ;;
    *) echo "$1" ;;
    esac
}

is_snap() {
    apt-cache show "$1" 2>/dev/null | grep -qi 'snap'
}

browser_there() {
    case "$1" in
    firefox) command -v firefox-esr >/dev/null || { command -v firefox >/dev/null && [ ! -d /snap/firefox ]; } ;;
    chromium) command -v chromium >/dev/null && [ ! -d /snap/chromium ] ;;
    esac
}

missing=
if command -v dpkg-query >/dev/null; then
    for p in $packages; do
        r=$(resolve "$p")
        [ -n "$r" ] || r=$p
        installed "$r" || missing="$missing $r"
    done
else
    echo "packages.sh: this is no Debian or Ubuntu; please install yourself what is the same as: $packages" >&2
    exit 0
fi

wanted_browsers=
case "$browsers" in
any) browser_there firefox || browser_there chromium || wanted_browsers=firefox-esr ;;
both)
    browser_there firefox || wanted_browsers=firefox-esr
    browser_there chromium || wanted_browsers="$wanted_browsers chromium chromium-sandbox"
    ;;
esac

[ -n "$missing$wanted_browsers" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null; then
    root=sudo
else
    echo "packages.sh: these packages are missing and there is no sudo to install them:$missing $wanted_browsers" >&2
    exit 1
fi

$root apt-get update -q
missing_now=
for p in $missing; do
    r=$(resolve "$p")
    missing_now="$missing_now ${r:-$p}"
done
for b in $wanted_browsers; do
    if is_snap "$b" || ! apt-cache show "$b" >/dev/null 2>&1; then
        echo "packages.sh: no package of this release brings $b itself (a snap can't be preloaded);" \
            "install a .deb of Firefox or Chromium and try again" >&2
        exit 1
    fi
    missing_now="$missing_now $b"
done
# shellcheck disable=SC2086 # a list of words
$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing_now
