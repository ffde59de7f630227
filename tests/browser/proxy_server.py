"""The lab's proxy: HTTP CONNECT and SOCKS5 (no authentication, CONNECT alone) on one port. `proxy_server.py ADDRESS PORT`"""

import ipaddress
import socket
import struct
import sys
import threading

SOCKS_VERSION, SOCKS_CONNECT, SOCKS_IPV4, SOCKS_NAME, SOCKS_IPV6 = 5, 1, 1, 3, 4
HEADER_BYTES_MAX = 16384


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("closed in the handshake")
        data += more
    return data


def socks_target(sock):
    """The rest of a SOCKS5 handshake, its first byte read; (host, port)."""
    exactly(sock, exactly(sock, 1)[0])
    sock.sendall(bytes([SOCKS_VERSION, 0]))
    _, command, _, kind = exactly(sock, 4)
    if command != SOCKS_CONNECT:
        raise ConnectionError("not CONNECT")
    if kind == SOCKS_NAME:
        host = exactly(sock, exactly(sock, 1)[0]).decode("ascii")
    else:
        host = str(ipaddress.ip_address(exactly(sock, {SOCKS_IPV4: 4, SOCKS_IPV6: 16}[kind])))
    return host, struct.unpack("!H", exactly(sock, 2))[0]


def http_target(sock, data):
    """The rest of an HTTP CONNECT request; (host, port)."""
    while b"\r\n\r\n" not in data and len(data) < HEADER_BYTES_MAX:
        data += exactly(sock, 1)
    method, target, _ = data.split(b"\r\n", 1)[0].split(b" ", 2)
    if method != b"CONNECT":
        raise ConnectionError("not CONNECT")
    host, _, port = target.decode("ascii").rpartition(":")
    return host.strip("[]"), int(port)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(client):
    with client:
        try:
            first = exactly(client, 1)
            socks = first[0] == SOCKS_VERSION
            host, port = socks_target(client) if socks else http_target(client, first)
            print(f"{'socks' if socks else 'http'} {host} {port}", flush=True)
            with socket.create_connection((host, port), timeout=10) as upstream:
                upstream.settimeout(None)
                client.sendall(struct.pack("!BBBB4sH", SOCKS_VERSION, 0, 0, SOCKS_IPV4, bytes(4), 0) if socks
                               else b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
                back.start()
                pump(client, upstream)
                back.join()
        except (OSError, ValueError, KeyError):
            pass    # the client's own mistake, or gone: the connection is closed


def main():
    with socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
