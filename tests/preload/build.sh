#!/bin/sh
# Build the programs of tests/preload into a folder: build.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
core=$here/../../core
out=$1
mkdir -p "$out"
# Without fortification: the tests call the fortified functions by their own names, and pass what the compiler would refuse.
flags="-std=c17 -D_GNU_SOURCE -I$core -I$here -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wmissing-prototypes -Wvla -Wformat=2 -Werror
    -O2 -g -fPIC -U_FORTIFY_SOURCE -pthread"
program() {
    name=$1
    shift
    # shellcheck disable=SC2086 # flags are words
    ${CC:-cc} $flags -o "$out/$name" "$@" -Wl,-z,now
}
common="$here/transcript.c $here/endpoints.c"
# shellcheck disable=SC2086
${CC:-cc} $flags -shared -o "$out/libearly.so" "$here/early_lib.c" -Wl,-soname,libearly.so
# shellcheck disable=SC2086
{
    program calls "$here"/calls*.c $common "-L$out" -learly "-Wl,-rpath,\$ORIGIN" -lresolv
    program lives "$here"/lives*.c $common
    program events "$here"/events*.c "$here/expected.c" $common -lresolv
    program enforce "$here"/enforce*.c "$here/expected.c" $common "$core"/policy*.c "$core/netaddr.c" -lresolv
    program loop "$here/loop.c" $common
    program arm64 "$here/arm64.c" $common
}
program ring_dump "$here/ring_dump.c" "$here/policy_hide.c" "$core/event.c" "$core/ring.c" "$core/ring_reader.c" "$core"/policy*.c "$core/netaddr.c"
