#!/bin/bash
# Captures that are cut at every byte, or have any byte wrong: all up to the damage is told.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
python3 -B "$here/damage.py" "$rtcshim"
