"""Chromium and Firefox call themselves over relayed addresses only, with data-channel messages both ways."""

from . import network
from .cells import NotApplicable, Row, Transport
from .ice import CLIENTS, call

SECONDS = 120


def rows():
    return [
        Row("Chromium", _browser("chromium", "Chromium takes TLS over TCP for a turns: URI with transport=udp"), attempts=2),
        Row("Firefox ESR", _browser("firefox", "Firefox takes TLS over TCP for a turns: URI with transport=udp"), attempts=2),
    ]


def _browser(name, no_dtls):
    def run(relay, column):
        if column.transport is Transport.DTLS:
            raise NotApplicable(no_dtls)
        # Names are for certificates only: Chromium looks others up at a DNS server, which is not there.
        address = network.LOOPBACK[column.version]
        host = None if column.transport.is_secure else f"[{address}]" if column.version == 6 else address
        return call(relay, column, ["node", CLIENTS / "browser-call.mjs"], SECONDS,
                    url=relay.uri(column, host), browser=name, page="about:blank", authority=str(relay.authority))

    return run
