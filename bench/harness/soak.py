"""Workload `soak`: our relay at 70 % of what it can carry, for a long time: memory, stops by the garbage collector, bytes allocated per packet."""

import os
import re
import statistics
import time

from . import build, ours, processes
from .load import Load

SHARE = 0.7
WINDOW = 20.0  # seconds
QUIET = 300.0  # seconds, at most
QUIET_RATE = 100  # packets/s: every allocation has something to report, and there is next to nothing to relay
MAX_STOP_MS = 5.0
MAX_DRIFT_MIB = 4.0
MAX_BYTES = 0.05


class SoakedRelay(ours.Ours):
    """With a listener inside (bench/Stops) that writes down when the collector stops the program."""

    stops_file = build.OUT / "stops.txt"

    def start(self):
        build.build_project("bench/Stops")
        self.stops_file.unlink(missing_ok=True)
        self.environment = {"DOTNET_STARTUP_HOOKS": str(build.ROOT / "bench/Stops/bin/Release/net10.0/Stops.Bench.dll"), "STOPS_FILE": str(self.stops_file)}
        return super().start()

    def stops(self, begun, ended):
        """(generation or -1, ms from the request until threads were let go, ms from when all had stopped) of each stop between two times."""
        lines = [line.split() for line in self.stops_file.read_text().splitlines()]
        return [(int(line[1]), float(line[2]), float(line[3])) for line in lines if begun <= float(line[0]) <= ended]


class Sample:
    """What the relay tells of itself. Asking makes garbage too, so it is asked once for each window, loaded or not."""

    def __init__(self, server):
        text = ours.read(f"http://127.0.0.1:{server.health}/metrics")
        self.time = time.monotonic()
        self.paused = _sum(text, "dotnet_gc_pause_time")
        self.collections = _sum(text, "dotnet_gc_collections")
        self.allocated = _sum(text, "dotnet_gc_heap_total_allocated")
        self.resident = processes.memory_kib(server.pid)[0] / 1024


def _sum(text, name):
    found = [float(value) for value in re.findall(rf"^{name}\w*(?:\{{[^}}]*\}})? (\S+)", text, re.M)]
    return sum(found) if found else build.stop(f"the relay's metrics have no {name}")


def _carry(load, server, seconds, rate, told):
    """Windows at that rate; samples before, between and after, and what was delivered and lost."""
    samples, delivered, lost = [Sample(server)], 0, 0
    while samples[-1].time < samples[0].time + seconds:
        window = load.window(0, WINDOW, rate)
        samples.append(Sample(server))
        delivered, lost = delivered + window["delivered"], lost + window["lost"]
        if told:
            now, before = samples[-1], samples[-2]
            print(f"  {(now.time - samples[0].time) / 60:5.1f} min: {window['per_second']:,.0f}/s, {window['cpu_us']:.2f} us,"
                  f" p99.9 {window['p999_ns'] / 1e3:,.0f} us, RSS {now.resident:.1f} MiB,"
                  f" {now.collections - before.collections:.0f} collections of {(now.paused - before.paused) * 1e3:.2f} ms,"
                  f" {window['lost']} lost", flush=True)
    return samples, delivered, lost


def run(server, plan, report, minutes):
    os.sched_setaffinity(0, {processes.GENERATOR_CORE})  # what asks the relay and reads its answers took up to 3 ms of a collection's time on its core
    report.heading(f"{minutes:g} minutes at {SHARE:.0%} of saturation (100 x 160 B, burst 1)")
    load = Load("relay", server, allocations=100, payload=160, burst=1, in_flight=256)
    load.window(plan.first_warm, 1)
    full = load.window(1, 5)["per_second"]
    print(f"  saturation {full:,.0f} packets/s; now {full * SHARE:,.0f}", flush=True)
    load.window(0, WINDOW, full * SHARE)
    begun = time.time()
    samples, delivered, lost = _carry(load, server, 60 * minutes, full * SHARE, told=True)
    stops = server.stops(begun, time.time())
    quiet, few, _ = _carry(load, server, min(QUIET, 60 * minutes), QUIET_RATE, told=False)
    load.end()
    took, made = samples[-1].time - samples[0].time, samples[-1].allocated - samples[0].allocated
    housekeeping = (quiet[-1].allocated - quiet[0].allocated) / (quiet[-1].time - quiet[0].time) * took
    print(f"  {delivered:,} packets, {lost:,} lost; {made:,.0f} B allocated; with {QUIET_RATE} packets/s for as long: {housekeeping:,.0f} B")
    collections = samples[-1].collections - samples[0].collections
    if abs(collections - sum(generation >= 0 for generation, _, _ in stops)) > 1:  # one may fall between the clocks
        print(f"  ! the relay tells of {collections:.0f} collections")
    for generation in sorted({stop[0] for stop in stops}):
        asked, stopped = ([stop[number] for stop in stops if stop[0] == generation] for number in (1, 2))
        name = f"collections of generation {generation}" if generation >= 0 else "other stops"
        print(f"  {len(asked)} {name}: all threads stopped for {statistics.median(stopped):.2f} ms, at most {max(stopped):.2f};"
              f" with the time it took to stop them {statistics.median(asked):.2f}, at most {max(asked):.2f}")
    # Memory goes up and down with collections: what counts is how high.
    late = max(2, len(samples) * 2 // 3)
    drift = max(sample.resident for sample in samples[late:]) - max(sample.resident for sample in samples[:late])
    report.verdict("longest stop by the garbage collector, ms", max((stop[2] for stop in stops), default=0), MAX_STOP_MS)
    report.verdict("highest RSS of the last third above that before, MiB", drift, MAX_DRIFT_MIB)
    report.verdict("bytes allocated per packet, housekeeping taken off", (made - housekeeping) / max(1, delivered - few), MAX_BYTES)
