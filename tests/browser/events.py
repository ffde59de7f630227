"""Reads a run's events.ndjson and answers questions about it."""

import json
import os


class Events:
    def __init__(self, folder):
        self.problems = []      # lines that are no JSON, gaps in seq
        self.all = []
        with open(os.path.join(folder, "events.ndjson"), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    self.all.append(json.loads(line))
                except ValueError as error:
                    self.problems.append(f"line {number}: {error}")
        for before, after in zip([{"seq": 0}, *self.all], self.all):
            if after.get("seq") != before.get("seq", 0) + 1:
                self.problems.append(f"seq {after.get('seq')} follows {before.get('seq')}")

    def of(self, kind):
        return [e for e in self.all if e["event_type"] == kind]

    def stun(self, **wanted):
        """STUN messages proper (ChannelData has no class) whose "stun" fields are as wanted."""
        return [e for e in self.of("stun") if e.get("stun", {}).get("class") and all(e["stun"].get(k) == v for k, v in wanted.items())]

    def enumerations(self, via):
        return [e["enumeration"] for e in self.of("enumeration") if e["enumeration"].get("via") == via]

    def shown(self, via):
        """(interface, address) pairs that the enumerations of that road showed."""
        return {(entry.get("iface"), entry.get("ip")) for found in self.enumerations(via) for entry in found.get("shown") or []}

    def unanswered(self):
        """Transaction ids of requests without a response."""
        requests = {e["stun"]["txid"] for e in self.stun(**{"class": "request"})}
        return requests - self.answered()

    def answered(self):
        return {e["stun"]["txid"] for e in self.all if e["event_type"] == "stun" and e.get("stun", {}).get("class") in ("success", "error")}
