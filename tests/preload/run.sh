#!/bin/bash
# The same programs plain and under the library: same transcript, same exit status, same system calls; and the records that they must leave.
#
#   run.sh [BUILD]      the build folder or the library itself, default build; ONLY=identical,events,... picks parts
set -u
library=${1:-$(dirname "$0")/../../build}
# shellcheck source=tests/preload/checks.sh
. "$(dirname "$0")/checks.sh"

if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 11000 ]; then
    echo "run.sh: the hard limit of descriptors is $(ulimit -Hn); the tests need 11000: raise it with ulimit -Hn as root" >&2
fi
build_programs

# plain OUT PROGRAM ARG...: run without any library; writes OUT.out, OUT.err, OUT.status
plain() {
    local to=$1
    shift
    env -u LD_PRELOAD -u RTCSHIM_SESSION "$@" >"$to.out" 2>"$to.err" </dev/null
    echo $? >"$to.status"
}
# under OUT SESSION PROGRAM ARG...: SESSION - leaves the variable unset
under() {
    local to=$1 session=$2
    shift 2
    if [ "$session" = - ]; then
        env -u RTCSHIM_SESSION LD_PRELOAD="$library" "$@" >"$to.out" 2>"$to.err" </dev/null
    else
        env RTCSHIM_SESSION="$session" LD_PRELOAD="$library" "$@" >"$to.out" 2>"$to.err" </dev/null
    fi
    echo $? >"$to.status"
}
# same NAME A B
same() {
    local part
    for part in status out err; do
        if ! diff -a "$2.$part" "$3.$part" >"$work/diff"; then
            not_ok "$1 ($part differs)" "$work/diff"
            return
        fi
    done
    ok "$1"
}
# A fresh session in $work/session, held by nobody: its ring fills and then loses records, which the program must not notice.
new_session() {
    rm -rf "$work/session"
    mkdir "$work/session"
    "$bin/ring_dump" "$library" "$work/session" /bin/true >/dev/null
}

sections() {
    local program=$1 section
    for section in $("$bin/$program" --list); do
        plain "$work/p1" "$bin/$program" "$section"
        plain "$work/p2" "$bin/$program" "$section"
        same "$program $section gives the same transcript in two plain runs" "$work/p1" "$work/p2"
        if [ "$(cat "$work/p1.status")" != 0 ]; then
            not_ok "$program $section runs plain" "$work/p1.err"
        fi
        under "$work/u" - "$bin/$program" "$section"
        same "$program $section is the same under the library without a session" "$work/p1" "$work/u"
        new_session
        under "$work/u" "$work/session" "$bin/$program" "$section"
        same "$program $section is the same under the library with a session" "$work/p1" "$work/u"
        grep -a '^row ' "$work/p1.out" >>"$work/rows"
    done
}

if wanted identical; then
    : >"$work/rows"
    sections calls
    sections lives
    sed -n 's/^HOOK(\([A-Za-z0-9_]*\),.*/row \1/p' "$here/../../core/hooks.def" | sort >"$work/hooks"
    sort -u "$work/rows" | comm -13 - "$work/hooks" >"$work/missing"
    if [ -s "$work/hooks" ] && [ ! -s "$work/missing" ]; then
        ok "every one of the $(wc -l <"$work/hooks") rows of hooks.def was called"
    else
        not_ok "every row of hooks.def was called" "$work/missing"
    fi
fi

if wanted nonsense; then
    plain "$work/p1" "$bin/calls" send
    mkdir "$work/odd"
    new_session
    # odd NAME: a folder with good files, to be spoilt
    odd() {
        mkdir "$work/odd/$1"
        cp "$work/session/ring" "$work/session/policy" "$work/odd/$1/"
    }
    odd no-ring && rm "$work/odd/no-ring/ring"
    odd no-policy && rm "$work/odd/no-policy/policy"
    odd empty-ring && : >"$work/odd/empty-ring/ring"
    odd short-ring && truncate -s 100 "$work/odd/short-ring/ring"
    odd cut-ring && truncate -s 100000 "$work/odd/cut-ring/ring"
    odd long-ring && truncate -s +4096 "$work/odd/long-ring/ring"
    odd wrong-magic && printf 'X' | dd of="$work/odd/wrong-magic/ring" bs=1 conv=notrunc 2>/dev/null
    odd wrong-version && printf '\377' | dd of="$work/odd/wrong-version/ring" bs=1 seek=8 conv=notrunc 2>/dev/null
    odd wrong-event-version && printf '\377' | dd of="$work/odd/wrong-event-version/ring" bs=1 seek=12 conv=notrunc 2>/dev/null
    odd absurd-cells && printf '\377\377\377\377\377\377\377\377' | dd of="$work/odd/absurd-cells/ring" bs=1 seek=16 conv=notrunc 2>/dev/null
    odd random-ring && dd if=/dev/urandom of="$work/odd/random-ring/ring" bs=4096 seek=1 count=256 conv=notrunc 2>/dev/null
    odd random-policy && dd if=/dev/urandom of="$work/odd/random-policy/policy" bs=4096 count=10 conv=notrunc 2>/dev/null
    odd cut-policy && truncate -s 10 "$work/odd/cut-policy/policy"
    odd fifo-ring && rm "$work/odd/fifo-ring/ring" && mkfifo "$work/odd/fifo-ring/ring"
    odd fifo-policy && rm "$work/odd/fifo-policy/policy" && mkfifo "$work/odd/fifo-policy/policy"
    odd zero-ring && ln -sf /dev/zero "$work/odd/zero-ring/ring"
    odd folder-ring && rm "$work/odd/folder-ring/ring" && mkdir "$work/odd/folder-ring/ring"
    odd unreadable && chmod 000 "$work/odd/unreadable/ring" "$work/odd/unreadable/policy"
    odd read-only && chmod 444 "$work/odd/read-only/ring"
    mkfifo "$work/odd/fifo"
    long=$(printf '%5000s' '' | tr ' ' x)
    odd loop && rm "$work/odd/loop/ring" && ln -s ring "$work/odd/loop/ring"
    try() {
        under "$work/u" "$2" timeout 20 "$bin/calls" send
        same "a session that is $1 changes nothing" "$work/p1" "$work/u"
    }
    try "an empty string" ""
    try "missing" /nosuch/folder
    try "a file" "$work/bin/calls"
    try "a fifo" "$work/odd/fifo"
    try "/dev/zero" /dev/zero
    try "relative" session
    try "5000 characters" "$long"
    try "5000 characters below a folder" "/tmp/$long"
    try "4095 characters" "/$(printf '%4094s' '' | tr ' ' y)"
    try "control characters" "$(printf '\001\033[31m\n')"
    for folder in "$work"/odd/*/; do
        try "a folder with $(basename "$folder")" "${folder%/}"
    done
    # Root reads anything: the unreadable one again as nobody.
    if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
        chmod 755 "$work" "$work/odd" "$work/odd/unreadable"
        for name in unreadable read-only; do
            chmod 755 "$work/odd/$name"
            cp "$library" "$work/odd/lib.so"
            chmod 755 "$work/odd/lib.so"
            env RTCSHIM_SESSION="$work/odd/$name" LD_PRELOAD="$work/odd/lib.so" \
                setpriv --reuid 65534 --regid 65534 --clear-groups "$bin/calls" send >"$work/u.out" 2>"$work/u.err" </dev/null
            echo $? >"$work/u.status"
            same "a session that is $name for nobody changes nothing" "$work/p1" "$work/u"
        done
    fi
fi

if wanted events; then
    for section in $("$bin/events" --list); do
        if [ "$section" = high ] && [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 70010 ]; then
            echo "skipped - events high: the hard limit of descriptors is $(ulimit -Hn), it needs 70010"
            continue
        fi
        rm -rf "$work/session"
        mkdir "$work/session"
        if timeout 60 "$bin/ring_dump" -e "$work/expected" "$library" "$work/session" "$bin/events" "$section" >"$work/wrong" 2>&1; then
            ok "events $section: $(grep -c '^EXPECT' "$work/expected") records expected, each found once, no other"
        else
            not_ok "events $section" "$work/wrong"
        fi
    done
fi

# While a policy hides all but loopback the hooks read paths and lists before the kernel has: what a caller gets wrong still comes back as an error.
if wanted hidden; then
    for section in $("$bin/calls" --list); do
        plain "$work/p1" "$bin/calls" "$section"
        rm -rf "$work/session"
        mkdir "$work/session"
        timeout 60 "$bin/ring_dump" -s lo -e "$work/u.out" "$library" "$work/session" "$bin/calls" "$section" >"$work/dump" 2>&1 </dev/null
        grep -a '^row ' "$work/p1.out" >"$work/p1.rows"
        grep -a '^row ' "$work/u.out" >"$work/u.rows"
        if [ -s "$work/u.out" ] && diff "$work/p1.rows" "$work/u.rows" >"$work/diff" && ! grep -a 'ended by signal' "$work/dump" >"$work/diff"; then
            ok "calls $section comes to its end while interfaces are hidden"
        else
            not_ok "calls $section comes to its end while interfaces are hidden" "$work/diff"
        fi
    done
fi

if wanted syscalls; then
    if ! command -v strace >/dev/null; then
        echo "strace is missing: apt-get install strace" >"$work/why"
        not_ok "no system call of its own" "$work/why"
    else
        # counts OUT TURNS VARIABLE...: calls by name, "name count" sorted
        counts() {
            local to=$1 turns=$2
            shift 2
            # shellcheck disable=SC2086 # none or one word
            strace -f -qq -c -U name,calls -o "$to.raw" env "$@" "$bin/loop" "$turns" $kind >/dev/null 2>&1
            awk 'NF == 2 && $2 ~ /^[0-9]+$/ && $1 != "total" {print $1, $2}' "$to.raw" | sort >"$to"
        }
        # Taking away the counts of no turns leaves the loop's own.
        loop_counts() {
            local to=$1
            shift
            counts "$work/c0" 0 "$@"
            counts "$work/c1" "$turns_counted" "$@"
            join -a 2 -e 0 -o 0,1.2,2.2 "$work/c0" "$work/c1" | awk '$3 != $2 {print $1, $3 - $2}' >"$to"
        }
        new_session
        kind='' turns_counted=10000
        loop_counts "$work/calls-plain" RTCSHIM_NONE=1
        loop_counts "$work/calls-idle" "LD_PRELOAD=$library"
        loop_counts "$work/calls-session" "LD_PRELOAD=$library" "RTCSHIM_SESSION=$work/session"
        total() {
            awk '{n += $2} END {print n + 0}' "$1"
        }
        # no_more NAME WITH: the calls of WITH are those of the plain run
        no_more() {
            local name
            name="$1: $(total "$work/calls-plain") calls plain, $(total "$2") under the library"
            if [ -s "$work/calls-plain" ] && diff "$work/calls-plain" "$2" >"$work/diff"; then
                ok "$name"
            else
                not_ok "$name" "$work/diff"
            fi
        }
        no_more "no system call of its own (idle), 10,000 turns" "$work/calls-idle"
        no_more "no system call of its own (session), 10,000 turns" "$work/calls-session"
        kind=media turns_counted=500
        loop_counts "$work/calls-plain" RTCSHIM_NONE=1
        loop_counts "$work/calls-session" "LD_PRELOAD=$library" "RTCSHIM_SESSION=$work/session"
        no_more "media on a socket that has carried STUN cost no call, 500 turns" "$work/calls-session"
        # A failed UDP send may have been a STUN message: whether its bytes can be read is the one question that is asked, and by one call.
        # price NAME LIMIT: the loop under the library makes at most LIMIT of those calls, and no other more
        price() {
            local paid
            loop_counts "$work/calls-plain" RTCSHIM_NONE=1
            loop_counts "$work/calls-session" "LD_PRELOAD=$library" "RTCSHIM_SESSION=$work/session"
            grep -v '^rt_sigprocmask ' "$work/calls-session" >"$work/calls-others"
            paid=$(awk '$1 == "rt_sigprocmask" {n = $2} END {print n + 0}' "$work/calls-session")
            if [ -s "$work/calls-plain" ] && diff "$work/calls-plain" "$work/calls-others" >"$work/diff" && [ "$paid" -le "$2" ]; then
                ok "$1 make $paid calls of rt_sigprocmask under the library, at most $2, and no other more"
            else
                not_ok "$1 make $paid calls of rt_sigprocmask under the library, at most $2, and no other more" "$work/diff"
            fi
        }
        kind=failing turns_counted=1000
        price "1,000 UDP sends that fail" 2000
        # One too large for a datagram is not walked over: only the message's own structures are asked for.
        kind=huge turns_counted=2
        price "4 refused sends of 1 GiB" 6
    fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
