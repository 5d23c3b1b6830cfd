"""Three machines for each server, so to speak: clients, the server, peers; a cable (veth) on either side of the server.

Every interface has a kernel thread of its own that does what a network card's interrupts would start (threaded NAPI). The threads of the server's
interfaces are pinned to the server's core and their run time counts as the server's, so that what the kernel does on the way in is accounted like any
process's time, and nothing of it on the sender's back. The generator's side of the cables is pinned to the generator's core.

A veth wakes its thread for every frame that finds it asleep; network cards gather frames first. So do these: after a frame the thread looks again
every 50 us, as long as frames come (gro_flush_timeout, napi_defer_hard_irqs), for every server alike.
"""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess

from . import build, processes

RELAY, CLIENTS, PEERS = "bench-relay", "bench-clients", "bench-peers"
CLONE_NEWNET = 0x40000000
MODERATION_NS = 50_000
SIOCETHTOOL, SET_TX_CHECKSUM, SET_GRO = 0x8946, 0x17, 0x2c


def _run(line):
    done = subprocess.run(line.split(), capture_output=True, text=True)
    if done.returncode != 0:
        build.stop(f"{line}: {done.stderr.strip()}")
    return done.stdout


def _enter(path):
    with open(path) as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            build.stop(f"setns {path}: {os.strerror(ctypes.get_errno())}")


def _set(device, command, on):
    """What ethtool -K does, for a device in the namespace of this process."""
    value = ctypes.create_string_buffer(struct.pack("II", command, on))
    request = struct.pack("16sP16x", device.encode(), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, request)


class Cables:
    """The namespaces, and two cables for each of `count` servers. This process moves into the servers' namespace."""

    def __init__(self, count):
        if os.geteuid() != 0:
            build.stop("the kernel workload makes network namespaces: run it as root")
        self.before = os.open("/proc/self/ns/net", os.O_RDONLY)
        for name in (RELAY, CLIENTS, PEERS):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
            _run(f"ip netns add {name}")
            _run(f"ip -n {name} link set lo up")
        for number in range(count):
            self._connect(f"rc{number}", f"c{number}", CLIENTS, f"10.{10 * number + 1}.0", None)
            self._connect(f"rp{number}", f"p{number}", PEERS, f"10.{10 * number + 2}.0", f"10.{10 * number + 1}.0.0/24")
        _enter(f"/run/netns/{RELAY}")

    @staticmethod
    def _connect(device, other, namespace, prefix, route):
        _run(f"ip -n {RELAY} link add {device} type veth peer name {other} netns {namespace}")
        for name, end, host in ((RELAY, device, 1), (namespace, other, 2)):
            _run(f"ip -n {name} addr add {prefix}.{host}/24 dev {end}")
            _run(f"ip -n {name} link set {end} up")
        if route:
            _run(f"ip -n {namespace} route add {route} via {prefix}.1")
        for name, end, core in ((RELAY, device, processes.SERVER_CORE), (namespace, other, processes.GENERATOR_CORE)):
            _enter(f"/run/netns/{name}")
            _set(end, SET_GRO, 1)  # with it a veth has NAPI
            if end == other:
                _set(end, SET_TX_CHECKSUM, 0)  # complete checksums, as from a wire
            for file, value in (("threaded", 1), ("gro_flush_timeout", MODERATION_NS), ("napi_defer_hard_irqs", 1000)):
                subprocess.run(["ip", "netns", "exec", name, "sh", "-c", f"echo {value} > /sys/class/net/{end}/{file}"], check=True)
            pin_threads((end,), core)
        # Both ends know each other, as after the first packets.
        for name, end, far, host in ((RELAY, device, (namespace, other), 2), (namespace, other, (RELAY, device), 1)):
            mac = _run(f"ip netns exec {far[0]} cat /sys/class/net/{far[1]}/address").strip()
            _run(f"ip -n {name} neigh replace {prefix}.{host} lladdr {mac} dev {end} nud permanent")

    def close(self):
        ctypes.CDLL(None).setns(self.before, CLONE_NEWNET)
        for name in (RELAY, CLIENTS, PEERS):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def threads_of(device):
    """The kernel threads of an interface."""
    found = [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/comm")
             if _read(path).startswith(f"napi/{device}-")]
    return found or build.stop(f"{device} has no kernel thread: this kernel lacks threaded NAPI (Linux 5.12)")


def pin_threads(devices, core):
    """Pins the kernel threads of interfaces, which are new ones after a program was attached; answers which."""
    threads = [thread for device in devices for thread in threads_of(device)]
    for thread in threads:
        processes.pin(thread, core)
    return threads


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""  # that process has ended
