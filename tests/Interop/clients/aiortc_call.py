"""Two aiortc peer connections exchange data-channel messages; each is told of the other's relayed candidates only.

Standard input: {"url", "username", "credential", "messages"}. Exit code 0: all arrived, from relayed addresses.
"""
import asyncio
import json
import sys

from aioice.ice import TransportPolicy
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
import aiortc.rtcicetransport as rtcicetransport

# aiortc has no setting for it; the ICE library below has.
original = rtcicetransport.connection_kwargs
rtcicetransport.connection_kwargs = lambda servers: {**original(servers), "transport_policy": TransportPolicy.RELAY, "use_ipv6": False}


async def main():
    setting = json.load(sys.stdin)
    server = RTCIceServer(urls=[setting["url"]], username=setting["username"], credential=setting["credential"])
    a, b = (RTCPeerConnection(RTCConfiguration(iceServers=[server])) for _ in range(2))
    echoes, complete = [], asyncio.Event()
    channel = a.createDataChannel("check")

    @b.on("datachannel")
    def on_channel(incoming):
        @incoming.on("message")
        def on_message(message):
            incoming.send(f"echo {message}")

    @channel.on("open")
    def on_open():
        for i in range(setting["messages"]):
            channel.send(f"message {i}")

    @channel.on("message")
    def on_echo(message):
        echoes.append(message)
        if len(echoes) == setting["messages"]:
            complete.set()

    try:
        await a.setLocalDescription(await a.createOffer())
        candidates = [line for line in a.localDescription.sdp.splitlines() if line.startswith("a=candidate:")]
        assert candidates and all(" typ relay" in line for line in candidates), f"candidates gathered: {candidates}"
        await b.setRemoteDescription(RTCSessionDescription(a.localDescription.sdp, a.localDescription.type))
        await b.setLocalDescription(await b.createAnswer())
        await a.setRemoteDescription(RTCSessionDescription(b.localDescription.sdp, b.localDescription.type))
        await asyncio.wait_for(complete.wait(), 40)
        assert echoes == [f"echo message {i}" for i in range(setting["messages"])], echoes
    finally:
        await asyncio.gather(a.close(), b.close())


asyncio.run(main())
