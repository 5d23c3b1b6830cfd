"""Two aioice connections meet through their relayed addresses and exchange messages both ways.

Standard input: {"host", "port", "transport": "udp" | "tcp" | "tls", "username", "credential", "messages"}. Exit code 0: all arrived, over relayed candidates.
"""
import asyncio
import json
import sys

from aioice import Connection
from aioice.ice import TransportPolicy


def connect(setting, controlling):
    return Connection(
        ice_controlling=controlling,
        turn_server=(setting["host"], setting["port"]),
        turn_username=setting["username"],
        turn_password=setting["credential"],
        turn_transport="udp" if setting["transport"] == "udp" else "tcp",
        turn_ssl=setting["transport"] == "tls",
        use_ipv6=False,
        transport_policy=TransportPolicy.RELAY,
    )


async def main():
    setting = json.load(sys.stdin)
    a, b = connect(setting, True), connect(setting, False)
    try:
        await asyncio.gather(a.gather_candidates(), b.gather_candidates())
        for local, remote in ((a, b), (b, a)):
            kinds = {candidate.type for candidate in local.local_candidates}
            assert kinds == {"relay"}, f"candidates gathered: {kinds}"
            for candidate in local.local_candidates:
                await remote.add_remote_candidate(candidate)
            await remote.add_remote_candidate(None)
            remote.remote_username, remote.remote_password = local.local_username, local.local_password
        await asyncio.gather(a.connect(), b.connect())
        for source, target in ((a, b), (b, a)):
            for i in range(setting["messages"]):
                message = f"message {i}".encode().ljust(500, b".")
                await source.send(message)
                received = await asyncio.wait_for(target.recv(), 10)
                assert received == message, f"sent {message!r}, received {received!r}"
    finally:
        await asyncio.gather(a.close(), b.close())


asyncio.run(main())
