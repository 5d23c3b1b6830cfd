"""STUN clients: they ask for their own address and, with two addresses to ask, for what a NAT does to them."""

import re

from . import commands, network
from .cells import Failure, NotApplicable, Row, Transport

SECONDS = 40


def rows():
    return [
        Row("turnutils_stunclient", _stunclient),
        *(Row(f"turnutils_natdiscovery {flags}", _natdiscovery(flags.split(), wanted)) for flags, wanted in (
            ("-m", "Endpoint Independent Mapping"), ("-f", "Endpoint Independent Filtering"),
            ("-m -P", "Endpoint Independent Mapping"), ("-f -P", "Endpoint Independent Filtering"),
            ("-H", "Received a request"), ("-c -A 127.0.0.3", "UDP reflexive addr: 127.0.0.3"), ("-t -T 2", "RFC 5780 response 2"))),
        Row("stun (classic, RFC 3489)", _classic),
    ]


def _udp_only(column, tool):
    if column.transport is not Transport.UDP:
        raise NotApplicable(f"{tool} speaks UDP only")


def _stunclient(relay, column):
    _udp_only(column, "turnutils_stunclient")
    output = commands.run(["turnutils_stunclient", "-p", relay.port(column), network.LOOPBACK[column.version]], SECONDS)
    if f"UDP reflexive addr: {network.LOOPBACK[column.version]}:" not in output:
        raise Failure(output)
    return "its own address"


def _natdiscovery(flags, wanted):
    def run(relay, column):
        _udp_only(column, "turnutils_natdiscovery")
        if column.version == 6:
            raise NotApplicable("NAT behaviour discovery has one second address, which is IPv4 here")
        output = commands.run(["turnutils_natdiscovery", *flags, "-p", relay.port(column), network.LOOPBACK[4]], SECONDS)
        if wanted not in output:
            raise Failure(output)
        return wanted

    return run


def _classic(relay, column):
    _udp_only(column, "stun")
    if column.version == 6:
        raise NotApplicable("stun knows IPv4 only")
    # Its exit code is the kind of NAT found.
    output = commands.run(["stun", f"{network.LOOPBACK[4]}:{relay.port(column)}", "-v"], SECONDS, codes=None)
    verdict = re.search(r"^Primary: (.*?)\s*$", output, re.MULTILINE)
    if verdict is None or verdict[1] != "Open":
        raise Failure(output)
    return "no NAT"
