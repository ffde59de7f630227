#!/bin/bash
# Shows rtcshim at work on this machine: a page and a STUN server of our own, a real browser with its sandbox on, and what was seen.
# usage: demo.sh [BUILD-FOLDER [firefox-esr|firefox|chromium]]     Ends by itself within a minute.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$tree/build}
case $build in /*) ;; *) build=$tree/$build ;; esac
readonly PAGE_SECONDS=40

work=
lab_pid=
run_pid=

say() { printf '\n== %s\n' "$*"; }

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

end_process() { # pid: SIGTERM, and SIGKILL for one that stays
    [ -n "$1" ] && kill "$1" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

clean_up() {
    trap - EXIT INT TERM
    end_process "$run_pid"
    end_process "$lab_pid"
    [ -z "$work" ] || rm -rf "$work"
}

find_browser() {
    local name
    for name in "$@"; do
        if command -v "$name" >/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

install_browser() {
    local sudo=
    command -v apt-get >/dev/null || die "no Firefox or Chromium here and no apt-get to install one; install one and try again"
    [ "$(id -u)" = 0 ] || sudo=sudo
    say "No browser found: installing firefox-esr through apt"
    $sudo apt-get update -q && $sudo apt-get install -y -q firefox-esr >&2
}

# A browser refuses root, or drops its sandbox for it: root's demo runs it as a uid that nobody has, gone with the process.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"
    else
        "$@"
    fi
}

unused_uid() {
    local uid=61184
    while getent passwd "$uid" >/dev/null; do uid=$((uid + 1)); done
    printf '%s\n' "$uid"
}

browser_arguments() { # browser, url: one argument a line
    case $(basename "$1") in
    firefox*)
        mkdir "$work/home/profile"
        cat >"$work/home/profile/user.js" <<'PREFS'
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
PREFS
        printf '%s\n' --headless --no-remote --profile "$work/home/profile" "$2"
        ;;
    *)
        printf '%s\n' --headless=new --no-first-run --disable-background-networking --disable-component-update \
            --password-store=basic "--user-data-dir=$work/home/profile" "$2"
        ;;
    esac
}

# Firefox asks no STUN server on a loopback address, so ours listens on the address that this machine has towards the world.
own_address() {
    local address
    address=$(ip -4 -o route get 198.51.100.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
    printf '%s\n' "${address:-127.0.0.1}"
}

field() { # name, JSON line: the value of a string field
    sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" <<<"$2"
}

show_result() { # JSON line that the page posted
    say "The page, asking nothing of you, learned:"
    grep -o '"candidate":"[^"]*"' <<<"$1" | cut -d'"' -f4 | awk '{
        printf "  %-6s %-4s %-40s port %s\n", $8, tolower($3), $5, $6 }'
}

for program in rtcshim rtcshim-lab librtcshim.so; do
    [ -e "$build/$program" ] || die "$build/$program is not built; run make first"
done
trap clean_up EXIT
trap 'exit 130' INT TERM

browser=$(find_browser ${2:+"$2"} firefox-esr firefox chromium chromium-browser) || {
    install_browser
    browser=$(find_browser firefox-esr) || die "apt installed no firefox-esr; install Firefox or Chromium by hand"
}

work=$(mktemp -d /tmp/rtcshim-demo-XXXXXX)
chmod 755 "$work"
mkdir -p "$work/bin" "$work/home/run"
cp "$build/rtcshim" "$build/librtcshim.so" "$work/bin/" # a tree below /root can't be read by the ordinary user

say "A page and a STUN server of our own, for as long as this takes"
coproc LAB { exec "$build/rtcshim-lab" --http 127.0.0.1:0 --stun "$(own_address):0" --once --timeout "$PAGE_SECONDS"; }
# shellcheck disable=SC2153 # coproc sets LAB_PID
lab_pid=$LAB_PID
exec {lab_out}<&"${LAB[0]}"
read -r -t 5 ready <&"$lab_out" || die "rtcshim-lab did not start"
printf '  page %s   stun:%s\n' "$(field http "$ready")" "$(field stun "$ready")"

readarray -t arguments < <(browser_arguments "$browser" "$(field http "$ready")")
user=
if [ "$(id -u)" = 0 ]; then
    user=$(unused_uid)
    chown -R "$user:$user" "$work/home"
    say "You are root: the browser runs as the throw-away uid $user, its sandbox on"
fi
chmod 700 "$work/home/run"

say "rtcshim run $(basename "$browser")"
(
    cd "$work/home"
    export HOME=$work/home XDG_RUNTIME_DIR=$work/home/run TMPDIR=$work/home
    unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY XDG_STATE_HOME XAUTHORITY
    # What the browser says goes to a file, so that what rtcshim says can be read.
    # shellcheck disable=SC2016 # for the inner shell to expand
    as_user "$work/bin/rtcshim" run -o "$work/home/run-folder" -- sh -c 'exec "$@" >"$HOME/browser.log" 2>&1' sh \
        "$browser" "${arguments[@]}"
) &
run_pid=$!
# The pid to signal is rtcshim's own: the subshell and setpriv are in front of it.
rtcshim_pid() {
    local pid=$run_pid child
    while [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != rtcshim ]; do
        child=$(cut -d' ' -f1 "/proc/$pid/task/$pid/children" 2>/dev/null) || return 1
        [ -n "$child" ] || return 1
        pid=$child
    done
    printf '%s\n' "$pid"
}

result=
read -r -t $((PAGE_SECONDS + 5)) result <&"$lab_out" || true
subshell=$run_pid
run_pid=$(rtcshim_pid) || run_pid=$subshell
end_process "$run_pid"
wait "$subshell" 2>/dev/null || true
run_pid=
if [ -z "$result" ]; then
    tail -5 "$work/home/browser.log" >&2 2>/dev/null || true
    die "the page reported nothing within $PAGE_SECONDS s"
fi
show_result "$result"

kept=$build/demo-run
[ -w "$build" ] && rm -rf "$kept" 2>/dev/null || kept=$(mktemp -d /tmp/rtcshim-demo-run-XXXXXX)
mkdir -p "$kept"
cp "$work/home/run-folder"/* "$kept"
say "The run's folder was copied to $kept ($(wc -l <"$kept/events.ndjson") events)"
