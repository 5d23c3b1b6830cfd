"""A line between two network namespaces: an interface in each; every packet takes its time, in order, and none is lost.

    line.py NAMESPACE ADDRESS/BITS NAMESPACE ADDRESS/BITS MILLISECONDS    prints "ready"; goes on until it is ended
"""

import asyncio
import ctypes
import fcntl
import os
import struct
import subprocess
import sys

NAME = "between"
SET_INTERFACE, TUN, NO_HEADER, NEW_NETWORK = 0x400454CA, 0x0001, 0x1000, 0x40000000


def end(namespace, address):
    """The file of a new TUN interface in a namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as here, open(f"/run/netns/{namespace}") as there:
        if libc.setns(there.fileno(), NEW_NETWORK) != 0:
            sys.exit(f"setns {namespace}: {os.strerror(ctypes.get_errno())}")
        try:
            file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(file, SET_INTERFACE, struct.pack("16sH", NAME.encode(), TUN | NO_HEADER))
        finally:
            libc.setns(here.fileno(), NEW_NETWORK)
    for command in (["addr", "add", address, "dev", NAME], ["link", "set", NAME, "up"]):
        subprocess.run(["ip", "-n", namespace, *command], check=True)
    return file


def carry(loop, source, target, delay):
    try:
        while True:
            loop.call_later(delay, os.write, target, os.read(source, 65_536))
    except BlockingIOError:
        pass  # all read


async def main():
    first, second, delay = end(*sys.argv[1:3]), end(*sys.argv[3:5]), float(sys.argv[5]) / 1000
    loop = asyncio.get_running_loop()
    loop.add_reader(first, carry, loop, first, second, delay)
    loop.add_reader(second, carry, loop, second, first, delay)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
