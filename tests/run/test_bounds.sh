#!/bin/bash
# Memory is bounded whatever a capture holds: hundreds of thousands of flows, streams, channels, fragments, interfaces.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
cc -O2 -o "$tmp/flows" "$here/flows.c" || fail "flows.c compiles"
python3 -B "$here/bounds.py" "$rtcshim" "$tmp/flows"
