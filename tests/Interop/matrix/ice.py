"""Libraries for ICE and WebRTC: two of them call each other over relayed addresses only; pion's TURN client talks with an echo peer."""

import json
import pathlib

from . import commands, network
from .cells import Column, Failure, NotApplicable, Row, Transport
from .peers import EchoPeer

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"
MESSAGES = 50
SECONDS = 60


def rows():
    return [
        Row("aioice", _call(["/usr/bin/python3", CLIENTS / "aioice_call.py"], no_dtls="aioice")),
        Row("aiortc", _call(["/usr/bin/python3", CLIENTS / "aiortc_call.py"], no_dtls="aiortc")),
        Row("node-datachannel", _node_datachannel),
        # Under load it gives up ICE over streams before the first answer: two more tries.
        Row("werift", _werift, attempts=3),
        Row("pion/turn", _pion_turn),
        Row("pion/webrtc", _pion_webrtc),
    ]


def call(relay, column, command, seconds=SECONDS, **more):
    """Both ends of a call in one program; it ends with 0 when all messages came back over relayed candidates."""
    label, username, credential = relay.mint()
    setting = {"url": relay.uri(column), "host": network.NAMES[column.version], "port": relay.port(column), "transport": column.transport.value.lower(),
               "username": username, "credential": credential, "messages": MESSAGES, **more}
    commands.run(command, seconds, json.dumps(setting), relay.trust())
    usage = relay.expect_call(label, column, MESSAGES * len("message 0"))
    return f"{MESSAGES} of {MESSAGES}, {usage[0]} bytes to peers, {usage[1]} from peers"


def _call(command, no_dtls):
    def run(relay, column):
        if column.transport is Transport.DTLS:
            raise NotApplicable(f"{no_dtls} has no DTLS to TURN servers")
        return call(relay, column, command)

    return run


def _node_datachannel(relay, column):
    if column.transport is not Transport.UDP:
        raise NotApplicable("node-datachannel's libjuice reaches TURN servers over UDP only")
    return call(relay, column, ["node", CLIENTS / "node-datachannel-call.mjs"])


def _werift(relay, column):
    if column == Column(Transport.UDP, 6):
        raise NotApplicable("werift reaches TURN servers over UDP by IPv4 only, and takes TCP instead")
    return _call(["node", CLIENTS / "werift-call.mjs"], no_dtls="werift")(relay, column)


def _pion_webrtc(relay, column):
    if column.version == 6:
        raise NotApplicable("pion's ICE resolves TURN servers to IPv4 only")
    return call(relay, column, [CLIENTS / "pion/webrtc/webrtc"])


def _pion_turn(relay, column):
    label, username, credential = relay.mint()
    with EchoPeer(network.LOOPBACK[4]) as peer:
        commands.run([CLIENTS / "pion/turn/turn", column.transport.value.lower(), f"{network.NAMES[column.version]}:{relay.port(column)}",
                      username, credential, f"{peer.address}:{peer.port}", MESSAGES], SECONDS, environment=relay.trust())
        relay.expect_usage(label, lambda: peer.counts)
        if peer.packets_received != MESSAGES:
            raise Failure(f"the peer received {peer.packets_received} of {MESSAGES}")
        return f"{MESSAGES} of {MESSAGES}, {peer.bytes_received} bytes"
