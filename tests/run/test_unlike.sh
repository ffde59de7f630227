#!/bin/bash
# STUN where it is rarely looked for: on other protocols' ports, behind proxies, in tunnels, quoted, nested, in Microsoft's dialect.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
python3 -B "$here/unlike.py" "$rtcshim"
