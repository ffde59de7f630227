#!/bin/bash
# The man pages: every option that a --help lists stands in the page, every command has its place there, and the pages are sound.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
docs=$here/../../docs
analyzer=$(dirname "$rtcshim")/rtcshim-analyzer

# options_of FILE: the options of a help text, from the first column of its list.
options_of() {
    sed -n 's/^ \{1,8\}\(-[^ ].*\)/\1/p' "$1" | sed 's/   *.*//' | grep -oE -- '(^|[ ,])--?[A-Za-z][A-Za-z-]*' | tr -d ' ,'
}

# commands_of PROGRAM: what its help lists.
commands_of() { "$1" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# stands_in PAGE WORD: as a whole, not as the start of a longer one.
stands_in() { grep -qE -- "(^|[^[:alnum:]-])$2([^[:alnum:]-]|\$)" "$1"; }

check_page() {
    local program=$1 page command option count=0 missing=
    page=$docs/$(basename "$program").1
    check "$(basename "$page") has no fault that mandoc knows" mandoc -T lint -W warning "$page"
    mandoc -T ascii "$page" | sed 's/.\x08//g' >"$tmp/page"
    for command in $(commands_of "$program"); do
        check "it tells of $command" stands_in "$tmp/page" "$(basename "$program") $command"
        "$program" help "$command" >"$tmp/help" 2>&1
        for option in $(options_of "$tmp/help"); do
            count=$((count + 1))
            stands_in "$tmp/page" "$option" || missing="$missing $command $option;"
        done
    done
    if [ "$count" -gt 0 ] && [ -z "$missing" ]; then
        pass "and of all $count options that the commands' help lists"
    else
        fail "and of all $count options that the commands' help lists" "missing:$missing"
    fi
}

if ! command -v mandoc >/dev/null; then
    fail "mandoc is installed: apt-get install mandoc"
else
    check_page "$analyzer"
    check_page "$rtcshim"
fi
finish
