"""Sessions: from the POST until both endpoints know the decision, over a gateway, a silo and a relay of their own, and over a web server that does nothing else."""

import json
import subprocess

from . import build, ours, processes

#: Sessions; how many start each second, 0 = as fast as the next parameter lets them; how many are on their way at a time, 0 = all. The first case meets code that
#: has never run: a look at a fresh process, not judged.
CASES = ((1000, 50, 0), (1000, 50, 0), (1000, 100, 0), (1000, 0, 50), (1000, 0, 0))
QUICK = ((200, 50, 0), (200, 50, 0), (200, 0, 50), (200, 0, 0))
WARM_UP = 100
TARGET_MS = 500
FLOOR = "http://127.0.0.1:13409"
BENCH = build.ROOT / "bench/Sessions/bin/Release/net10.0/Sessions.Bench"


def run(quick):
    build.build_project("bench/Sessions")
    cases = QUICK if quick else CASES
    print(f"{'':>6} {'sessions':>9} {'per second':>11} {'at a time':>10} {'seconds':>8} {'POST p50':>9} {'p99':>8} {'decided p50':>12} {'p99':>8}  ms   "
          f"{'CPU ms/session: server':>22} {'clients':>8}  p99 < {TARGET_MS} ms")
    floor(cases)
    relay = ours.Ours()
    relay.control_plane.core = None  # the relay has nothing to do here: silo, gateway and clients share both cores
    try:
        relay.start()
        measure("ours", cases, relay.control_plane.account(), relay.control_plane.cpu)
    finally:
        relay.close()


def floor(cases):
    """The same clients with a web server that answers at once: what they, HTTP and WebSockets cost by themselves."""
    server = processes.start([BENCH, "floor", FLOOR], None)
    try:
        processes.wait_until(lambda: ours.read(f"{FLOOR}/health/ready"), "the floor")
        measure("floor", cases, (FLOOR, "AC" + 32 * "0", 32 * "0"), lambda: processes.cpu_seconds(server.pid))
    finally:
        processes.stop(server)


def measure(name, cases, account, cpu):
    for place, (count, rate, in_flight) in enumerate(cases):
        before = cpu()
        clients = subprocess.run([BENCH, *account] + [str(part) for part in (WARM_UP, count, rate, in_flight)], capture_output=True, text=True)
        if clients.returncode != 0:
            build.stop(f"sessions failed: {clients.stdout}{clients.stderr}")
        figures = json.loads(clients.stdout)
        post, decided = figures["postMs"], figures["decidedMs"]
        each = (cpu() - before) * 1000 / (WARM_UP + count)
        verdict = "" if name == "floor" else "fresh process" if place == 0 else "met" if decided["p99"] < TARGET_MS else "NOT MET"
        print(f"{name:>6} {count:>9,} {rate or '':>11} {in_flight or 'all':>10} {figures['seconds']:>8.1f} {post['p50']:>9.1f} {post['p99']:>8.1f} "
              f"{decided['p50']:>12.1f} {decided['p99']:>8.1f}  {'':4} {each:>22.2f} {figures['cpuMs']:>8.2f}  {verdict}", flush=True)
