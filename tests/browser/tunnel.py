"""
The lab with a tunnel for tun0: a link of raw IP, as a VPN makes it, where the plain lab has a second Ethernet.

It is VXLAN with a protocol extension (GPE), carried by eth0 in clear: what /dev/net/tun would give, for kernels and users that have no such
device. So eth0 shows each packet of tun0 a second time, inside UDP to port 4790.
"""

from lab import CLIENT_ETH0, CLIENT_TUN0, NAT, Lab, run

GATEWAY_ETH0, GATEWAY_TUN0 = "192.168.1.1", "10.8.0.1"
TUNNEL_PORT, TUNNEL_NETWORK, TUNNEL_MTU = 4790, 5, 1400
MACS = {"eth0": "02:00:00:00:01:23", "s_eth0": "02:00:00:00:01:01"}


class TunnelLab(Lab):
    """with TunnelLab() as lab: ..."""

    def _links(self):
        super()._links()
        run("ip", "link", "delete", "tun0")     # and its other end and every route over it
        run("ip", "link", "set", "eth0", "address", MACS["eth0"])
        self.server_run("ip", "link", "set", "s_eth0", "address", MACS["s_eth0"])
        for ip, link, address, peer, underlay in (
                (run, "tun0", CLIENT_TUN0, GATEWAY_TUN0, GATEWAY_ETH0),
                (self.server_run, "s_tun0", GATEWAY_TUN0, CLIENT_TUN0, CLIENT_ETH0)):
            ip("ip", "link", "add", link, "type", "vxlan", "external", "gpe", "dstport", str(TUNNEL_PORT))
            ip("ip", "link", "set", link, "mtu", str(TUNNEL_MTU), "up")
            ip("ip", "addr", "add", f"{address}/32", "dev", link)
            ip("ip", "route", "add", peer, *self._through(underlay), "dev", link, "src", address)
        self._sysctl()
        run("ip", "route", "add", "default", *self._through(GATEWAY_ETH0), "dev", "tun0", "src", CLIENT_TUN0)
        # For sockets that are bound to eth0; all others take the first.
        run("ip", "route", "add", "default", "via", GATEWAY_ETH0, "dev", "eth0", "metric", "100")
        self.server_run("ip", "route", "add", NAT[CLIENT_TUN0], *self._through(CLIENT_ETH0), "dev", "s_tun0")

    @staticmethod
    def _through(underlay):
        return ["encap", "ip", "id", str(TUNNEL_NETWORK), "dst", underlay]
