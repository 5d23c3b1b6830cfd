"""What the control plane pays for allocations: lives told by a relay's control link, grains kept, and Allocates meanwhile; on PostgreSQL, as in production."""

import copy
import json
import math
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from . import build, ours, processes, quiet
from .load import Load

LIVES = 5_000  # per second: opened, a permission, a channel, closed, each at a time of its own
LIVES_WINDOWS, LIVES_SECONDS = 3, 60  # ends are confirmed some 2,000 at a time: 2 % of what ends in 20 s
LINK_CORES, SILO_CORES = 0.15, 0.8
ALLOCATES, P99_MS = 1_000, 1.0
GRAINS, HEAP_KIB = 200_000, 2.0
IDLE_SECONDS = 25  # a grain is idle for Orleans when nothing called it for 10 s, and it looks every 5 s, twice
DEFAULT_ALLOCATES = 250  # the relay's default; the tenant that needs more was given it by its operator
FLOOD, UNMOVED = 3_000, 1.1  # Allocates per second of another tenant; how much of its quiet p99 the first one may have
# What the host takes away in slices of milliseconds is nothing to a median and all of a p99 of one: more windows, shorter ones, quieter ones.
LATENCY_WINDOWS, LATENCY_SECONDS, LATENCY_STOLEN, LATENCY_TRIES = 5, 5, 0.002, 6


class ControlLink:
    """bench/Control: a relay's control link without the relay."""

    def __init__(self, control_plane, database=None):
        command = [binary(), *(f"--{name}={value}" for name, value in control_plane.more_settings.items())]
        command += ["--process", f"silo={control_plane.silo.pid}"]
        if database:
            command += ["--process", f"postgres={database.pid}"]
        self.process = processes.start(command, None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       stderr=open(build.OUT / "control-link.log", "w"),
                                       env=control_plane.settings())
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the control link ended; see {build.OUT / 'control-link.log'}")
        return json.loads(line)

    def tell(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text):
        self.tell(text)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        processes.stop(self.process)


class Database:
    """A PostgreSQL server of this run's own."""

    def __init__(self):
        if not any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")) and shutil.which("postgres") is None:
            build.need("pg_lsclusters", "postgresql")
        self.process = processes.start([binary(), "postgres"], None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = json.loads(self.process.stdout.readline() or build.stop("PostgreSQL did not start"))
        self.pid, self.connection = answer["pid"], answer["connection"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def binary():
    return build.ROOT / "bench/Control/bin/Release/net10.0/Control.Bench"


def heap_bytes():
    """What the silo's heap held after its last collection: its size without the holes that wait to be filled again."""
    text = ours.read(f"http://127.0.0.1:{ours.SILO_HEALTH}/metrics")
    size, holes = (sum(float(value) for value in re.findall(rf"^dotnet_gc_last_collection_heap_{what}\w*\{{[^}}]*\}} (\S+)", text, re.MULTILINE))
                   for what in ("size", "fragmentation_size"))
    return size - holes


def _row(label, value, target=None, at_least=False, digits=2):
    verdict = ""
    if target is not None:
        met = value >= target if at_least else value <= target
        verdict = f"   {'>=' if at_least else '<='} {target:,g} {'met' if met else 'NOT met'}"
    print(f"  {label:<72}{value:>12,.{digits}f}{verdict}", flush=True)


def run(quick):
    build.build_project("bench/Control")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))  # by way of what is below: nothing is left running
    database = Database()
    plane = ours.ControlPlane()
    plane.more_settings = {"Storage:Provider": "PostgreSql", "ConnectionStrings:Storage": database.connection}
    link = relay = None
    try:
        plane.core = None
        plane.discovery = {"quotas": {"concurrentAllocations": 10_000, "allocatesPerSecondPerRelay": 2 * ALLOCATES}}
        plane.start()
        link = ControlLink(plane, database)
        print(f"\nAllocations in the control plane: {LIVES:,} lives a second on PostgreSQL, four events each to the allocation's grain, those that gather together in one message")
        quiet.warm_up(lambda: _silo_cost(link.ask(f"lives {LIVES} 0 {5 if quick else 10}")), at_most=2 if quick else 8, in_a_row=2, share_of_cheapest=0.97)
        _lives(link, LIVES // 5, quick, judged=False)
        _lives(link, LIVES, quick, judged=True)
        relay = _allocates(plane, link, quick)
        count = GRAINS // 10 if quick else GRAINS
        print(f"\n{count:,} live allocations, each with a permission and a channel, on one silo")
        link.ask("hold 1000")
        before = _idle_heap(plane, link)
        held = link.ask(f"hold {count - 1000}")
        after = _idle_heap(plane, link)
        _row("live allocation grains", held["held"], count, at_least=True, digits=0)
        _row("  KiB of the silo's heap for each", (after - before) / (count - 1000) / 1024, HEAP_KIB)
        _row("  opened, permitted and bound per second", (count - 1000) / held["seconds"], digits=0)
        link.ask("release")
    finally:
        if relay:
            processes.stop(relay.process)
        if link:
            link.close()
        plane.close()
        database.close()


def _idle_heap(plane, link):
    time.sleep(IDLE_SECONDS)
    link.ask(f"collect {plane.silo.pid}")
    return heap_bytes()


def _silo_cost(window):
    """Core seconds of the silo for one life."""
    return window["cores"]["silo"] / window["perSecond"]


def _lives(link, rate, quick, judged):
    """One window for what is not judged; of three the one whose silo cost the middle."""
    figures = quiet.median(
        quiet.windows(lambda: link.ask(f"lives {rate} {5 if quick else 10} {5 if quick else LIVES_SECONDS if judged else 20}"), LIVES_WINDOWS if judged and not quick else 1),
        _silo_cost)
    _row(f"lives per second, of {rate:,} that began", figures["perSecond"], rate * 0.99 if judged else None, at_least=True, digits=0)
    _row("  cores in the relay's control link", figures["linkCores"], LINK_CORES if judged else None)
    _row("  cores in what stands for the relay's workers: lives noted in the journal", figures["workerCores"])
    _row("  cores in the silo", figures["cores"]["silo"], SILO_CORES if judged else None)
    _row("  cores in PostgreSQL", figures["cores"]["postgres"])
    _row("  batches confirmed after ms, median", figures["p50Ms"], digits=1)
    _row("  batches confirmed after ms, 99 %", figures["p99Ms"], digits=1)
    if figures["failures"] or figures["backlog"] > rate / 10:
        print(f"  ! {figures['failures']} batches failed; {figures['backlog']:,} more allocations wait than before")


def _allocates(plane, link, quick):
    """Allocates of a tenant with a quota, answered by a relay of this control plane while that is busy with the lives of others."""
    relay = ours.Ours(plane)
    relay.relay_settings = {"Relay:AllocatesPerSecondPerTenant": DEFAULT_ALLOCATES}
    relay.start()
    load = Load("control", relay, concurrency=256, sleeps=True)
    processes.ahead(load.process.pid)
    processes.behind(plane.silo, plane.gateway, link.process)
    load.window(5 if quick else 20, 1)
    print(f"\nAllocate from a lease, {ALLOCATES:,} each second at a relay on a core of its own")
    idle, = _latencies({"idle": lambda: _window(relay, load)}, quick)
    _row("p99 of Allocate, ms, while the silo is idle", idle["p99_ns"] / 1e6, digits=3)
    busy, = _latencies({"busy": lambda: _window(relay, load, link)}, quick)
    _row(f"p99 of Allocate, ms, while the silo takes {LIVES:,} lives a second", busy["p99_ns"] / 1e6, P99_MS, digits=3)
    if busy["lost"]:
        print(f"  ! {busy['lost']} were refused or lost: {busy['refused']}")
    print(f"\nA tenant's Allocates, {ALLOCATES:,} each second, beside a flood of another tenant's at the same relay (windows take turns, medians)")
    calm, flooded = _beside_a_flood(plane, relay, load, quick)
    load.end()
    _row(f"another tenant's new allocations each second, of {FLOOD:,} asked for", flooded["asked"], digits=0)
    _row("p99 of Allocate, ms, quiet", calm["p99_ns"] / 1e6, digits=3)
    _row("p99 of Allocate, ms, beside the flood", flooded["p99_ns"] / 1e6, calm["p99_ns"] / 1e6 * UNMOVED, digits=3)
    _row("lost or refused, %, quiet", _lost(calm))
    _row("lost or refused, %, beside the flood", _lost(flooded), _lost(calm) * UNMOVED)
    return relay


def _window(relay, load, link=None):
    """Allocates of the first tenant; with a link, while the silo is busy with lives."""
    _told(relay)
    if link:
        link.tell(f"lives {LIVES} 1 {LATENCY_SECONDS + 2}")
    window = quiet.share(lambda: load.window(2 if link else 1, LATENCY_SECONDS, ALLOCATES))
    if link:
        link.answer()
    return window


def _latencies(measures, quick):
    """Of each kind of windows the one with the p99 in the middle; what was lost is of all."""
    middles = []
    for windows in quiet.turns(measures, 1 if quick else LATENCY_WINDOWS, LATENCY_STOLEN, LATENCY_TRIES).values():
        middles.append(quiet.median(windows, lambda window: window["p99_ns"]) | {name: sum(window[name] for window in windows) for name in ("lost", "delivered")})
        if windows[-1]["stolen"] > LATENCY_STOLEN:
            print(f"  ! the host took up to {windows[-1]['stolen']:.1%} of the machine in these windows")
    return middles


def _told(relay):
    """Waits until the cluster has taken what the relay had to tell: a window begins with nothing left of the one before."""
    before = math.inf
    while (left := ours.unconfirmed(relay)) < before:
        before = left
        time.sleep(1)


def _beside_a_flood(plane, relay, load, quick):
    """Quiet and flooded windows in turns: the middle ones of the first tenant, the latter with what the flood got."""
    plane.discovery = {"quotas": {"concurrentAllocations": 10_000}}
    flooder = copy.copy(relay)
    flooder.username, flooder.password = plane.token_of_a_new_tenant()
    flood = Load("control", flooder, concurrency=256, sleeps=True)
    processes.ahead(flood.process.pid, 5)  # many clients are never late all together, as one generator is that waits for its core

    def flooded():
        asked = []
        _told(relay)
        other = threading.Thread(target=lambda: asked.append(flood.window(1, LATENCY_SECONDS + 2, FLOOD)["per_second"]))
        other.start()
        window = quiet.share(lambda: load.window(2, LATENCY_SECONDS, ALLOCATES))
        other.join()
        return window | {"asked": asked[0]}

    middles = _latencies({"quiet": lambda: _window(relay, load), "flooded": flooded}, quick)
    flood.end()
    return middles


def _lost(window):
    return 100 * window["lost"] / max(1, window["lost"] + window["delivered"])
