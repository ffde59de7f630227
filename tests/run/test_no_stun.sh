#!/bin/bash
# No false positive: hundreds of captures without STUN, made anew, in which nothing may be found.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
python3 -B "$here/no_stun.py" "$rtcshim"
