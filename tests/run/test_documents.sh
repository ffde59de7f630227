#!/bin/bash
# What docs/policy.md and rtcshim-policy(5) show is tried as it stands there: every policy, qualifier and role is one, and the screens are what the
# program says, in a network namespace with the documents' tun0.
set -u
inside=RTCSHIM_DOCUMENTS_INSIDE
if [ -z "${!inside:-}" ]; then
    for need in unshare:util-linux ip:iproute2 python3:python3; do
        command -v "${need%:*}" >/dev/null || {
            echo "not ok - needs ${need%:*}: apt-get install ${need#*:}"
            exit 1
        }
    done
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    export "$inside=1"
    exec unshare "${user[@]}" --net -- "$0" "$@"
fi
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

if ! { ip link set lo up && ip link add tun0 type veth peer name far && ip link set far up && ip link set tun0 up && ip addr add 10.8.0.2/24 dev tun0 && ip route add default via 10.8.0.1 dev tun0; } 2>err; then
    fail "the network of the test stands" "$(cat err)"
    finish
fi
count=$(python3 "$here/doc_policies.py" "$tmp" 2>err)
check "the documents show policies: ${count:-none, $(cat err)}" test "${count:-0}" -ge 30
for ((i = 0; i < ${count:-0}; i++)); do
    expect_status "is a policy as it is written: $(head -n 1 "$i.policy")" 0 "$rtcshim" policy check -q "$i.policy"
    check "and leaves nothing to say" test ! -s err
done

sed '3s/stun/stnu/' my.policy >wrong.policy
mkdir at && mv wrong.policy at/my.policy
(cd at && "$rtcshim" policy check my.policy) >out 2>err
check "a mistake is pointed at as policy.md shows it" diff -u error.shown err
"$rtcshim" policy explain my.policy --stun binding --to 203.0.113.7:3478 >out 2>err
check "explain says what policy.md shows" diff -u explain.shown out

for name in observe vpn no-stun no-webrtc rfc8828-1 rfc8828-2 rfc8828-3 rfc8828-4; do
    check "$name is in the table of policy.md" grep -q "^| \`$name\` |" "$here/../../docs/policy.md"
done
check "and no other" test "$("$rtcshim" policy list | grep -c '^[a-z]')" -eq 8
expect_status "the interface of --vpn alone means the policy vpn" 0 "$rtcshim" run -q --vpn tun0 -o "$tmp/run" -- true
check "as it says" grep -q '"name": *"vpn"' run/run.json
finish
