"""coturn's turnutils_uclient: several clients at once, each sends numbered messages and counts what comes back."""

import re

from . import commands, network
from .cells import Failure, NotApplicable, Row
from .peers import EchoPeer

CLIENTS, MESSAGES, BYTES = 2, 50, 160
SECONDS = 60


def rows():
    return [
        Row("turnutils_uclient, channels", _call()),
        Row("turnutils_uclient -s, Send indications", _call("-s")),
        Row("turnutils_uclient -g, DONT-FRAGMENT", _call("-g")),
        Row("turnutils_uclient, other family's peer", _call(other_family=True)),
        Row("turnutils_uclient, RTP and RTCP ports", _call(ports=2)),
        Row("turnutils_uclient -Z, dual allocation", _dual),
        Row("turnutils_uclient -M, mobility", _mobility),
        Row("turnutils_uclient -T, TCP relaying", _tcp_relaying),
    ]


def _call(*flags, other_family=False, ports=1):
    def run(relay, column):
        version = 10 - column.version if other_family else column.version
        with EchoPeer(network.LOOPBACK[version], ports) as peer:
            return _with_peer(relay, column, peer, version, *flags, *(["-c"] if ports == 1 else []))

    return run


def _dual(relay, column):
    """One allocation with an address of each family; one run sends to IPv4, one to IPv6 peers."""
    texts = []
    for version in (4, 6):
        with EchoPeer(network.LOOPBACK[version]) as peer:
            texts.append(_with_peer(relay, column, peer, 4, "-Z", "-c"))
    return f"{texts[0]} over IPv4 and {texts[1]} over IPv6"


def _mobility(relay, column):
    """The client moves to a new socket, then sends."""
    with EchoPeer(network.LOOPBACK[column.version]) as peer:
        return _with_peer(relay, column, peer, column.version, "-M", "-c")


def _tcp_relaying(relay, column):
    if not column.transport.is_stream:
        raise NotApplicable("TCP allocations need TCP or TLS between client and relay (RFC 6062 §4.1)")
    label, username, credential = relay.mint()
    # Each client connects to the relayed transport address of its neighbour.
    received = _uclient(relay, column, username, credential, column.version, "-T", "-y", "-c")
    relay.expect_usage(label, lambda: (received * BYTES, received * BYTES) + relay.usage(label)[2:])
    return f"{received} of {received}, {received * BYTES} bytes"


def _with_peer(relay, column, peer, relayed_version, *flags):
    def start():
        label, username, credential = relay.mint()
        before = peer.counts
        received = _uclient(relay, column, username, credential, relayed_version, *flags, "-e", peer.address, "-r", peer.port)
        relay.expect_usage(label, lambda: tuple(now - then for now, then in zip(peer.counts, before)))
        return f"{received} of {received}, {peer.counts[0] - before[0]} bytes"

    return _patiently(column, flags, start)


def _patiently(column, flags, start):
    """Starts the tool again where it broke off by itself: when it moves over TLS or DTLS it sometimes touches what it freed, whatever the server."""
    for left in reversed(range(12 if column.transport.is_secure and "-M" in flags else 1)):
        try:
            return start()
        except Failure as failure:
            if left == 0 or not re.search(r"send: Success\s*$|ended with -\d", str(failure)):
                raise


def _uclient(relay, column, username, credential, relayed_version, *flags):
    """Runs the tool; returns how many messages came back: all of them."""
    clients = 1 if column.transport.is_secure and "-M" in flags else CLIENTS  # see above: one has less to touch
    output = commands.run(
        ["turnutils_uclient", "-u", username, "-w", credential, "-p", relay.port(column), "-n", MESSAGES, "-m", clients, "-l", BYTES, "-z", 10,
         *(["-t"] if column.transport.is_stream else []), *(["-S", "-E", relay.authority] if column.transport.is_secure else []),
         *(["-x"] if relayed_version == 6 else []), *flags, network.LOOPBACK[column.version]], SECONDS)
    sent, received = (int(re.findall(rf"tot_{what}_msgs=(\d+)", output)[-1]) for what in ("send", "recv"))
    if "Total lost packets 0 (0.000000%), total send dropped 0" not in output or sent != received or received < clients * MESSAGES:
        raise Failure(output)
    return received
