# shellcheck shell=bash
# Sourced by the scripts beside it, with `library` set to a build folder or the library: counting checks, a folder for the work, the
# programs built. Leaves `library` absolute, `work` and `bin`.
me=$(basename "$0")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ ! -d "$library" ] || library=$library/librtcshim.so
library=$(readlink -f "$library")
if [ ! -e "$library" ]; then
    echo "$me: no library at $library: build it first with make" >&2
    exit 2
fi
passed=0 failed=0

ok() {
    passed=$((passed + 1))
    echo "ok - $1"
}
# not_ok NAME FILE: FILE says why
not_ok() {
    failed=$((failed + 1))
    echo "not ok - $1"
    # The dynamic linker of another architecture says of each program that the library is not for it.
    grep -av 'ld.so: object' "$2" | head -n 20 | sed 's/^/    /'
}
# wanted PART: does ONLY=one,two,... pick it? Everything without ONLY.
wanted() {
    case ",${ONLY:-$1}," in *,"$1",*) return 0 ;; esac
    return 1
}
# Make the folder and the programs; both go when the script ends.
build_programs() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/rtcshim-preload.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    bin=$work/bin
    if ! sh "$here/build.sh" "$bin"; then
        echo "$me: the test programs do not build with ${CC:-cc}" >&2
        exit 2
    fi
}
