"""Whose address it is that a page reads, in the lab's network. `None` is an answer that no test may meet: an address that nobody has."""

import lab

PROXY_PORT = 3128
# What `hide address` shows instead: core/policy.h, policy_decoy().
DECOYS = {"192.0.0.8", "100:0:0:1::8"}
OWNERS = {
    lab.CLIENT_TUN0: "tun0", lab.CLIENT_ETH0: "eth0", lab.CLIENT_ETH0_V6: "eth0 IPv6",
    lab.NAT[lab.CLIENT_TUN0]: "VPN exit", lab.NAT[lab.CLIENT_ETH0]: "home router",
    lab.SERVER_V4: "server", lab.SERVER_V6: "server",
    "0.0.0.0": "no address", "::": "no address", None: "no address", "": "no address",
    **{decoy: "decoy" for decoy in DECOYS},
}


def owner(address):
    text = (address or "").strip("[]")
    return "mDNS name" if text.endswith(".local") else OWNERS.get(text)


def candidates(result):
    """{(type, owner of its address)}: what a page learned."""
    return {(c["type"], owner(c["address"])) for c in result["candidates"]}


def related(result):
    """The owners of the related addresses, which tell a page as much."""
    return {owner(c["relatedAddress"]) for c in result["candidates"]}


def relays_over(result, wire):
    """The transports to the TURN server with which relayed candidates were got. Firefox does not tell its page which it was."""
    if not any(c["type"] == "relay" for c in result["candidates"]):
        return set()
    allocate_success = 0x0103
    return {p.proto for p in wire.stun(direction="in") if p.type == allocate_success}


def cell(result, wire):
    """One cell of the table in docs/browsers.md: candidates, and in brackets the STUN messages that left, by link."""
    parts = []
    for kind in ("host", "srflx"):
        owners = sorted({who or "UNKNOWN" for t, who in candidates(result) if t == kind})
        if owners:
            parts.append(f"{kind}: {', '.join(owners)}")
    transports = sorted(relays_over(result, wire))
    if transports:
        parts.append(f"relay: {', '.join(transports)}")
    left = ", ".join(f"{link} {count}" for link, count in sorted(wire.count().items(), reverse=True))
    return ("; ".join(parts) or "nothing") + f" [{left or '0'}]"
