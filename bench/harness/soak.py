"""Workload `soak`: our relay at 70 % of what it can carry, for a long time: memory, pauses of the garbage collector, bytes allocated per packet."""

import re
import threading
import time

from . import ours, processes
from .load import Load

SHARE = 0.7
WINDOW = 20.0  # seconds
IDLE = 60.0
MAX_PAUSE_MS = 5.0
MAX_DRIFT_MIB = 4.0


class Watch:
    """Reads the relay's own metrics every second. Pauses come as a sum: what it grew by within a second is no less than the longest pause in it."""

    def __init__(self, server):
        self.server, self.ended = server, threading.Event()
        self.longest_pause = 0.0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        before = _metric(self.server, "dotnet_gc_pause_time")
        while not self.ended.wait(1.0):
            now = _metric(self.server, "dotnet_gc_pause_time")
            if now is not None and before is not None:
                self.longest_pause = max(self.longest_pause, now - before)
            before = now

    def end(self):
        self.ended.set()
        self.thread.join()


def _metric(server, name):
    text = ours.read(f"http://127.0.0.1:{server.health}/metrics")
    found = [float(value) for value in re.findall(rf"^{name}\w*(?:\{{[^}}]*\}})? (\S+)", text, re.M)]
    return sum(found) if found else None


def run(server, plan, report, minutes):
    report.heading(f"{minutes:g} minutes at {SHARE:.0%} of saturation (100 x 160 B, burst 1)")
    load = Load("relay", server, allocations=100, payload=160, burst=1, in_flight=256)
    load.window(plan.first_warm, 1)
    full = load.window(1, 5)["per_second"]
    rate = full * SHARE
    print(f"  saturation {full:,.0f} packets/s; now {rate:,.0f}", flush=True)
    load.window(0, WINDOW, rate)
    begun, memory = time.monotonic(), processes.memory_kib(server.pid)[0]
    allocated, watch, highest = server.allocated_bytes(), Watch(server), memory
    delivered = lost = 0
    while time.monotonic() < begun + 60 * minutes:
        window = load.window(0, WINDOW, rate)
        delivered, lost = delivered + window["delivered"], lost + window["lost"]
        resident = processes.memory_kib(server.pid)[0]
        highest = max(highest, resident)
        print(f"  {(time.monotonic() - begun) / 60:5.1f} min: {window['per_second']:,.0f}/s, {window['cpu_us']:.2f} us, RSS {resident / 1024:.1f} MiB,"
              f" longest pause {watch.longest_pause * 1e3:.2f} ms, {window['lost']} lost", flush=True)
    watch.end()
    took, grown = time.monotonic() - begun, server.allocated_bytes() - allocated
    idle_from, idle_allocated, watch_idle = time.monotonic(), server.allocated_bytes(), Watch(server)
    few = load.window(0, min(IDLE, 60 * minutes), 100)["delivered"]
    watch_idle.end()
    housekeeping = (server.allocated_bytes() - idle_allocated) / (time.monotonic() - idle_from) * took
    load.end()
    print(f"  {delivered:,} packets, {lost:,} lost; {grown:,.0f} B allocated, {housekeeping:,.0f} B of them in a time as long with {few:,} packets a minute")
    report.verdict("longest pause of the garbage collector, ms", watch.longest_pause * 1e3, MAX_PAUSE_MS)
    report.verdict("RSS at the end above the beginning, MiB", (processes.memory_kib(server.pid)[0] - memory) / 1024, MAX_DRIFT_MIB)
    report.verdict("bytes allocated per packet, housekeeping taken off", (grown - housekeeping) / max(1, delivered), 0.05)
