"""Workload `kernel`: channels forwarded by the kernel (XDP, TC), beside coturn and our own socket path on cables of the same kind."""

import json
import math
import pathlib
import shutil
import subprocess

from . import network, ours, processes, servers
from .load import Load
from .rounds import take_turns

TARGETS = {"xdp": 0.10, "tc": 0.20}  # of coturn's cost
GENTLE = 30_000  # what every server can carry
RATE = 100_000
IDLE = 100  # next to nothing
FAST = 400_000  # where a server with sockets is past its limit


class OnCables:
    """A server on a pair of cables of its own."""

    def on_cables(self, number):
        self.address = f"10.{10 * number + 1}.0.1"
        self.devices = (f"rc{number}", f"rp{number}")
        self.far_devices = (f"c{number}", f"p{number}")
        self.sides = {"clients": f"/run/netns/{network.CLIENTS},10.{10 * number + 1}.0.2,c{number}",
                      "peers": f"/run/netns/{network.PEERS},10.{10 * number + 2}.0.2,p{number}"}
        return self

    def workers(self):
        return [self.pid, *network.pin_threads(self.devices, processes.SERVER_CORE)]  # the relay's program made new ones

    def loaded(self):
        network.pin_threads(self.far_devices, processes.GENERATOR_CORE)  # so did the generator's

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
    forwarding = [server for server in running if server.name in TARGETS]
    report.heading("Over cables (veth): CPU us per packet of process and interfaces' kernel threads together (100 x 160 B)")
    for label, burst in ((f"at {RATE:,} packets/s", 1), (f"at {RATE:,} packets/s, burst 8", 8)):
        cost, _ = _row("relay", running, plan, report, label, RATE, burst)
        _verdicts(report, cost, cost["coturn"])
    _programs(forwarding, report)
    if not quick:
        _row("relay", forwarding, plan, report, f"at {FAST:,} packets/s", FAST, 1)
    report.heading("The same, as a network card with XDP brings and takes frames: made and counted in the kernel")
    idle = take_turns("frames", running, plan, IDLE, allocations=100, payload=160, burst=1)
    looking = {name: result["core_share"] for name, result in idle.items()}
    gentle, _ = _row("frames", running, plan, report, f"at {GENTLE:,} packets/s", GENTLE, 1)
    rates = [(f"at {RATE:,} packets/s", RATE, 1), (f"at {RATE:,} packets/s, burst 8", RATE, 8)]
    for label, pace, burst in rates if quick else [*rates, (f"at {FAST:,} packets/s", FAST, 1)]:
        cost, rate = _row("frames", running if pace == RATE else forwarding, plan, report, label, pace, burst)
        # Beside coturn where it is cheapest: at higher rates it also pays for what it drops.
        gentle["coturn"] = min(gentle["coturn"], cost.get("coturn", math.inf))
        _verdicts(report, cost, gentle["coturn"])
        if pace == RATE:
            net = {name: cost[name] - looking[name] / rate[name] * 1e6 for name in cost}
            report.row("  without what it takes to look for frames", net)
            _verdicts(report, net, net["coturn"])
    _row("frames", forwarding, plan, report, "as fast as the generator makes them", 0, 1, flood=True)
    report.row(f"share of the core that it takes to look for frames ({IDLE} packets/s)", looking)


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


def _row(workload, running, plan, report, label, pace, burst, flood=False):
    """CPU us per packet and packets per second, by server name. In a flood, losses are no news."""
    results = take_turns(workload, running, plan, pace, allocations=100, payload=160, burst=burst)
    cost, rate = ({name: result[key] for name, result in results.items()} for key in ("cpu_us", "per_second"))
    report.row(label, cost)
    report.row("  delivered packets/s", rate, digits=0)
    report.notes({name: result | {"lost": 0} for name, result in results.items()} if flood else results)
    return cost, rate


def _verdicts(report, cost, coturn):
    for name, target in TARGETS.items():
        if name in cost:
            report.verdict(f"  {name} / coturn", cost[name] / coturn, target)
