#!/bin/bash
# Exit statuses, options and messages of `rtcshim` and `rtcshim run`.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

run() { "$rtcshim" run -q "$@"; }

expect_status "passes on exit status 0" 0 run true
expect_status "passes on exit status 7" 7 run sh -c 'exit 7'
expect_status "says 128 + N for a command ended by a signal" 143 run sh -c 'kill -TERM $$'
expect_status "says 137 for a command ended by SIGKILL" 137 run sh -c 'kill -KILL $$'

expect_status "says 127 for a command that is not there" 127 run no-such-command-here
check "names the command that was not found" said "no-such-command-here.*No such file"
expect_status "says 127 for a path that is not there" 127 run /no/such/path
printf 'data' >"$tmp/plain"
expect_status "says 126 for a file that is not executable" 126 run "$tmp/plain"
check "names the file that could not be executed" said "plain.*Permission denied"
mkdir "$tmp/folder"
expect_status "says 126 for a folder" 126 run "$tmp/folder"
printf '#!/no/such/interpreter\n' >"$tmp/script"
chmod +x "$tmp/script"
expect_status "says 127 for a script whose interpreter is not there" 127 run "$tmp/script"
check "leaves no run folder where nothing ran" test -z "$(find "$XDG_STATE_HOME/rtcshim/runs" -name '*no-such*' -o -name '*plain*' -o -name '*script*')"
printf 'exit 9\n' >"$tmp/shebangless"
chmod +x "$tmp/shebangless"
expect_status "runs a script without #! as execvp does" 9 run "$tmp/shebangless"

expect_status "leaves the command's own options to it" 0 run sh -c 'test "$1" = -q' sh -q
expect_status "ends its options at --" 4 run -- sh -c 'exit 4'
mkdir "$tmp/bin"
printf '#!/bin/sh\nexit 5\n' >"$tmp/bin/-odd"
chmod +x "$tmp/bin/-odd"
expect_status "runs a command whose name begins with a dash after --" 5 env PATH="$tmp/bin:$PATH" "$rtcshim" run -q -- -odd
expect_status "hands an empty argument on" 0 run sh -c 'test $# -eq 2 && test -z "$1"' sh '' b

expect_status "says 125 for an unknown command" 125 "$rtcshim" bogus
check "names the unknown command" said "unknown command 'bogus'"
for later in audit doctor; do
    expect_status "does not pretend to have '$later'" 125 "$rtcshim" "$later"
done
expect_status "says 125 for no command at all" 125 "$rtcshim"
expect_status "says 125 for run without a command" 125 "$rtcshim" run
expect_status "says 125 for an unknown long option" 125 run --bogus true
check "names the unknown long option" said "bogus"
expect_status "says 125 for an unknown short option" 125 run -Z true
check "names the unknown short option" said "'-Z'"
expect_status "says 125 for an option without its argument" 125 run -o
check "names the option that needs an argument" said "'-o' needs an argument"
expect_status "escapes control characters in its messages" 125 "$rtcshim" "$(printf 'a\033[31mb')"
check "writes ESC as \\x1b" said 'a\\x1b\[31mb'

expect_status "says 125 for an interface list without a name" 125 run --capture=, touch "$tmp/was-run"
check "says what --capture= needs" said "needs the name of an interface"
check "has not run the command then" test ! -e "$tmp/was-run"
expect_status "accepts -p observe" 0 run -p observe true

expect_status "prints its version" 0 "$rtcshim" --version
check "prints the program's name with its version" grep -q '^rtcshim [0-9]' "$tmp/out"
expect_status "prints help" 0 "$rtcshim" help
check "lists run in the help" grep -q '^  run ' "$tmp/out"
expect_status "prints help for run" 0 "$rtcshim" help run
cp "$tmp/out" "$tmp/help"
expect_status "prints the same for run --help" 0 "$rtcshim" run --help
check "run --help is help run" cmp -s "$tmp/out" "$tmp/help"
expect_status "says 125 for help about nothing" 125 "$rtcshim" help bogus
expect_status "says so when help can't be written" 125 sh -c "'$rtcshim' help >/dev/full"

expect_status "finds the library named by RTCSHIM_LIBRARY" 0 env RTCSHIM_LIBRARY="$(dirname "$rtcshim")/librtcshim.so" "$rtcshim" run -q true
expect_status "says 125 for a library that is not there" 125 env RTCSHIM_LIBRARY=/no/such/lib.so "$rtcshim" run -q touch "$tmp/was-run"
check "names the library that is not there" said "/no/such/lib.so"
expect_status "says 125 for a library that is a folder" 125 env RTCSHIM_LIBRARY="$tmp" "$rtcshim" run -q touch "$tmp/was-run"
expect_status "says 125 for a library that is no shared object" 125 env RTCSHIM_LIBRARY="$tmp/plain" "$rtcshim" run -q touch "$tmp/was-run"
mkdir "$tmp/with blank"
cp "$(dirname "$rtcshim")/librtcshim.so" "$tmp/with blank/"
expect_status "says 125 for a library whose path LD_PRELOAD can't express" 125 env RTCSHIM_LIBRARY="$tmp/with blank/librtcshim.so" "$rtcshim" run -q touch "$tmp/was-run"
cp "$rtcshim" "$tmp/alone"
expect_status "says 125 where the library is not beside the program" 125 "$tmp/alone" run -q touch "$tmp/was-run"
check "says where it looked for the library" said "$tmp/librtcshim.so"
check "has run nothing without its library" test ! -e "$tmp/was-run"

expect_status "is not confused by a session variable that names nonsense" 3 env RTCSHIM_SESSION=/no/such "$rtcshim" run -q sh -c 'test "$RTCSHIM_SESSION" != /no/such && exit 3'
expect_status "keeps what is preloaded already" 0 env LD_PRELOAD=libm.so.6 "$rtcshim" run -q sh -c 'case $LD_PRELOAD in */librtcshim.so:libm.so.6) ;; *) exit 1 ;; esac'
expect_status "runs inside a run" 6 run "$rtcshim" run -q sh -c 'exit 6'
expect_status "gives the command its closed standard descriptors" 0 run sh -c "exec '$rtcshim' run -q -- sh -c 'test ! -e /proc/self/fd/0' <&-"
finish
