#!/bin/bash
# Policies as the library keeps them: the program `enforce` in a namespace with eth0 and tun0, whose links it watches itself; and
# programs that an enforcing policy does not speak of, which must not notice it.
#
#   enforce.sh [BUILD]      the build folder or the library itself, default build; ONLY=sections,others,closed picks parts
set -u
library=${1:-$(dirname "$0")/../../build}
# shellcheck source=tests/preload/checks.sh
. "$(dirname "$0")/checks.sh"

# An ordinary user becomes root of a namespace of its own; root only leaves the network behind.
if [ -z "${ENFORCE_INSIDE:-}" ]; then
    user=
    [ "$(id -u)" = 0 ] || user=--map-root-user
    ENFORCE_INSIDE=1 exec unshare $user --net --mount -- "$here/$me" "$library"
fi

build_programs

# shellcheck source=tests/preload/enforce_network.sh
. "$here/enforce_network.sh"
network 2>"$work/network" || {
    echo "enforce.sh: cannot make eth0 and tun0 in a network namespace: $(cat "$work/network")" >&2
    exit 2
}
ulimit -Hn >/dev/null && ulimit -n "$(ulimit -Hn)" 2>/dev/null

if wanted sections; then
    for section in $("$bin/enforce" --list); do
        network 2>/dev/null
        rm -rf "$work/session"
        mkdir "$work/session"
        if timeout 60 "$bin/ring_dump" -e "$work/expected" "$library" "$work/session" "$bin/enforce" "$section" >"$work/wrong" 2>&1; then
            ok "${section//_/ }"
        else
            not_ok "${section//_/ }" "$work/wrong"
        fi
    done
fi

if wanted others; then
    # new_session SECTION: every topic is enforced and something is hidden, all of it somewhere else. While anything at all is hidden some
    # files are refused: their section runs without.
    new_session() {
        local files=
        [ "$1" != file ] || files=visible
        rm -rf "$work/session"
        mkdir "$work/session"
        "$bin/ring_dump" "$library" "$work/session" /bin/true >/dev/null
        RTCSHIM_SESSION=$work/session "$bin/enforce" --others $files
    }
    for program in calls lives; do
        for section in $("$bin/$program" --list); do
            env -u LD_PRELOAD -u RTCSHIM_SESSION "$bin/$program" "$section" >"$work/plain" 2>"$work/plain.err" </dev/null
            echo $? >>"$work/plain"
            new_session "$section"
            env RTCSHIM_SESSION="$work/session" LD_PRELOAD="$library" "$bin/$program" "$section" >"$work/under" 2>"$work/under.err" </dev/null
            echo $? >>"$work/under"
            if diff -a "$work/plain" "$work/under" >"$work/diff" && diff -a "$work/plain.err" "$work/under.err" >>"$work/diff"; then
                ok "$program $section does not notice a policy that means others"
            else
                not_ok "$program $section does not notice a policy that means others" "$work/diff"
            fi
        done
    done
fi

if wanted closed; then
    # A session whose files can't be had: what the folder's name says decides.
    for name in session session.enforce; do
        mkdir "$work/empty-$name"
        env RTCSHIM_SESSION="$work/empty-$name" LD_PRELOAD="$library" "$bin/enforce" --closed >"$work/closed" 2>&1
        echo "status $?" >>"$work/closed"
        case $name in
        session) want='sent 20' ;;
        *) want='refused ECONNREFUSED' ;;
        esac
        if grep -qx "$want" "$work/closed" && grep -qx 'status 0' "$work/closed"; then
            ok "without the files of a folder called $name: $want"
        else
            not_ok "without the files of a folder called $name: $want" "$work/closed"
        fi
    done
    # And with spoilt ones.
    mkdir "$work/spoilt.enforce"
    "$bin/ring_dump" "$library" "$work/spoilt.enforce" /bin/true >/dev/null
    dd if=/dev/urandom of="$work/spoilt.enforce/policy" bs=4096 count=4 conv=notrunc 2>/dev/null
    env RTCSHIM_SESSION="$work/spoilt.enforce/" LD_PRELOAD="$library" "$bin/enforce" --closed >"$work/closed" 2>&1
    if grep -qx 'refused ECONNREFUSED' "$work/closed"; then
        ok "with a spoilt policy of such a folder everything is refused"
    else
        not_ok "with a spoilt policy of such a folder everything is refused" "$work/closed"
    fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
