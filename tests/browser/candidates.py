"""The kinds of ICE candidates that a page got: what stays the same from run to run, when ports and relays do not."""

import ipaddress


def address_kind(text):
    """"mDNS", "private IPv4", "public IPv4", "global IPv6", ...: what an address tells the page that reads it."""
    if not text:
        return "none"
    text = text.strip("[]")     # Chromium writes IPv6 addresses in brackets
    if text.endswith(".local"):
        return "mDNS"
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return "name"
    if ip.is_loopback:
        scope = "loopback"
    elif ip.is_link_local:
        scope = "link-local"
    elif ip.version == 4:
        # The documentation prefixes stand for public addresses here, and ipaddress counts them as private.
        private = any(ip in ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
        scope = "private" if private else "public"
    else:
        scope = "unique local" if ip in ipaddress.ip_network("fc00::/7") else "global"
    return f"{scope} IPv{ip.version}"


def kinds(result):
    return sorted({(c["type"], c["protocol"], address_kind(c["address"])) for c in result["candidates"]})


def describe(result):
    return "; ".join(" ".join(kind) for kind in kinds(result))
