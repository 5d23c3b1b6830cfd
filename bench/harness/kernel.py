"""Workload `kernel`: channels forwarded by the kernel (XDP, TC), beside coturn and our own socket path on cables of the same kind."""

import json
import pathlib
import shutil
import subprocess

from . import network, ours, processes, servers
from .load import Load
from .rounds import take_turns

RATE = 100_000
FAST = 400_000  # where a server with sockets is past its limit


class OnCables:
    """A server on a pair of cables of its own."""

    def on_cables(self, number):
        self.address = f"10.{10 * number + 1}.0.1"
        self.devices = (f"rc{number}", f"rp{number}")
        self.sides = {"clients": f"/run/netns/{network.CLIENTS},10.{10 * number + 1}.0.2",
                      "peers": f"/run/netns/{network.PEERS},10.{10 * number + 2}.0.2"}
        return self

    def workers(self):
        threads = [thread for device in self.devices for thread in network.threads_of(device)]
        for thread in threads:  # attaching a program makes new ones
            processes.pin(thread, processes.SERVER_CORE)
        return [self.pid, *threads]

    def load_options(self):
        return self.sides


class Coturn(OnCables, servers.Coturn):
    more = ("--allowed-peer-ip", "10.0.0.0-10.255.255.255")


class Ours(OnCables, ours.Ours):
    path = "off"

    def start(self):
        self.relay_settings = {
            "Relay:ListenAddresses:0": self.address, "Relay:AllowPeers:0": "10.0.0.0/8", "Relay:KernelPath": self.path,
            "Relay:KernelInterfaces:0": self.devices[0], "Relay:KernelInterfaces:1": self.devices[1]}
        return super().start()


class Xdp(Ours):
    name, port, health, path = "xdp", 13471, 13405, "xdp"


class Tc(Ours):
    name, port, health, path = "tc", 13472, 13406, "tc"


def make():
    return [server.on_cables(number) for number, server in enumerate((Coturn(), Ours(), Xdp(), Tc()))]


def run(running, plan, report, quick, rate):
    report.heading("Over cables (veth): CPU us per packet of process and interfaces' kernel threads together (100 x 160 B, burst 1)")
    for label, pace, burst in ((f"at {RATE:,} packets/s", RATE, 1), (f"at {RATE:,} packets/s, burst 8", RATE, 8)):
        _row(running, plan, report, label, pace, burst)
    _programs([server for server in running if server.name in ("xdp", "tc")], report)
    fast = [server for server in running if server.name in ("xdp", "tc")]
    if not quick and fast:
        _row(fast, plan, report, f"at {FAST:,} packets/s", FAST, 1)


def _programs(running, report):
    """What the programs themselves take, as the kernel counts it: without driver, copies and threads, and with some 50 ns for being timed."""
    switch = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
    if not switch.exists() or shutil.which("bpftool") is None:
        return
    taken = {}
    switch.write_text("1")
    try:
        for server in running:
            load = Load("relay", server, allocations=100, payload=160, burst=1)
            before = _program_time()
            load.window(0, 1, RATE)
            time, runs = (after - was for was, after in zip(before, _program_time()))
            load.end()
            taken[server.name] = time / max(1, runs) / 1000
    finally:
        switch.write_text("0")
    report.row("  of it the program alone, us per frame", taken)


def _program_time():
    """(nanoseconds, runs) of the forwarding programs of all relays."""
    shown = json.loads(subprocess.run(["bpftool", "-j", "prog", "show", "name", "relay_forward"], capture_output=True, text=True).stdout or "[]")
    programs = shown if isinstance(shown, list) else [shown]
    return sum(program.get("run_time_ns", 0) for program in programs), sum(program.get("run_cnt", 0) for program in programs)


def _row(running, plan, report, label, pace, burst):
    results = take_turns("relay", running, plan, pace, allocations=100, payload=160, burst=burst)
    cost = {name: result["cpu_us"] for name, result in results.items()}
    report.row(label, cost)
    for name, target in (("xdp", 0.10), ("tc", 0.20)):
        if name in cost and "coturn" in cost:
            report.verdict(f"  {name} / coturn", cost[name] / cost["coturn"], target)
    report.row("  delivered packets/s", {name: result["per_second"] for name, result in results.items()}, digits=0)
    report.notes(results)
