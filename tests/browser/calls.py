"""Data-channel calls between a page of the client and a page at the other end, directly and through TURN."""

import json

import lab
from stage import PageFailed

CALL_BYTES = 10_000_000
CALL_CAP_MS = 90_000


def turn(transport):
    return {"urls": f"turn:{lab.SERVER_V4}:{lab.TURN_PORT}?transport={transport}", "username": lab.TURN_USER, "credential": lab.TURN_PASSWORD}


# label: what the caller asks for. The callee has no servers.
CALLS = {
    "direct": {"iceServers": []},
    "turn-udp": {"iceServers": [turn("udp")], "iceTransportPolicy": "relay"},
    "turn-tcp": {"iceServers": [turn("tcp")], "iceTransportPolicy": "relay"},
}


def selected(stats):
    """(local, remote) candidate of the pair in use."""
    by_id = {s["id"]: s for s in stats}
    transport = next((s for s in stats if s["type"] == "transport" and s.get("selectedCandidatePairId")), None)
    pair = by_id[transport["selectedCandidatePairId"]] if transport else next(s for s in stats if s["type"] == "candidate-pair" and s.get("selected"))
    return by_id[pair["localCandidateId"]], by_id[pair["remoteCandidateId"]]


def connect(caller, callee, label, config, patience):
    offer = caller.do("offer", call=label, config=config, **patience)
    answer = callee.do("answer", call=label, config={"iceServers": []}, sdp=offer["sdp"], **patience)
    caller.do("accept", call=label, sdp=answer["sdp"])
    return offer


def carry(caller, callee, patience, reports):
    """
    All CALLS side by side; each sends CALL_BYTES. reports gets what the caller's page learned. Returns {label: (what was sent, what came, the
    pair in use)} and {label: why it failed}.
    """
    done, failures, pending = {}, {}, {}
    for label, config in CALLS.items():
        try:
            reports[f"call {label}"] = connect(caller, callee, label, config, patience)
            pending[label] = (caller.start("send", call=label, bytes=CALL_BYTES),
                              callee.start("receive", call=label, bytes=CALL_BYTES, cap_ms=CALL_CAP_MS))
        except PageFailed as error:
            failures[label] = str(error)
    for label, (sent, received) in pending.items():
        try:
            came = callee.wait(received, CALL_CAP_MS / 1000 + 10)
            stats = caller.do("stats", call=label)
            reports[f"stats {label}"] = stats
            done[label] = (caller.wait(sent, 10), came, selected(stats))
        except (PageFailed, StopIteration) as error:
            failures[label] = f"{error!r} {json.dumps(caller.do('state', call=label))}"
        for end in (caller, callee):
            end.do("close", call=label)
    return done, failures
