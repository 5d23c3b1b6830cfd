"""A silo is killed with SIGKILL under a steady stream of calls to grains on all silos: how long each grain is silent."""

import json
import signal
import statistics
import sys
import time

from . import build
from .silos import Bench, Silos, build_bench, database

SILOS, GRAINS, PACE_MS = 3, 240, 200
KILLS, QUICK_KILLS = 6, 2
SETTLE, WATCH = 15, 20  # seconds before a kill, and after it until the silences are read
TARGET_MS = 5_000


def run(quick, kills=None):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))  # by way of what is below: nothing is left running
    binary = build_bench("Failover")
    store = database()
    silos = Silos(store)
    bench = None
    try:
        silos.start(*range(SILOS))
        bench = Bench(binary, silos, log="failover.log")
        bench.ask(f"begin {GRAINS} {PACE_MS}")
        print(f"\n{SILOS} silos on PostgreSQL, {GRAINS} grains (tenants read, tenants changed, allocations reporting), each called every {PACE_MS} ms; one silo killed with SIGKILL")
        print("from the kill to the declaration of death, and longest time between two answers of a grain, ms")
        print(f"{'kill':>5} {'declared dead':>14} {'grains there':>13} {'p50':>8} {'p90':>8} {'p99':>8} {'max':>8} {'failed calls':>13}   {'elsewhere':>10} {'p50':>8} {'p99':>8} {'max':>8} {'failed calls':>13}", flush=True)
        rows = [_kill(silos, bench, number) for number in range(kills or (QUICK_KILLS if quick else KILLS))]
        worst = [max(row["victims"]["maxMs"], row["others"]["maxMs"]) for row in rows]
        print(f"longest of any grain: median {statistics.median(worst):,.0f} ms, longest {max(worst):,.0f} ms over {len(rows)} kills   "
              f"< {TARGET_MS:,} ms {'met' if max(worst) < TARGET_MS else 'NOT met'}")
        path = build.OUT / "failover.json"
        path.write_text(json.dumps(rows, indent=1))
        print(f"figures kept in {path.relative_to(build.ROOT)}")
    finally:
        if bench:
            bench.close()
        silos.close()
        store.close()


def _kill(silos, bench, kill):
    # In turn: each has had time since it was started again to get grains of those that were killed after it.
    number = kill % SILOS
    time.sleep(SETTLE)
    bench.ask(f"mark {silos.port(number)}")
    silos.kill(number)
    time.sleep(WATCH)
    row = bench.ask("report")
    for other, process in silos.running.items():
        if process.poll() is not None:
            build.stop(f"silo {other} ended though it was not the one that was killed; see {build.OUT / f'silo-{other}.log'}")
    victims, others = row["victims"], row["others"]
    declared = "never" if row["declaredMs"] is None else f"{row['declaredMs']:,.0f}"
    print(f"{kill + 1:>5} {declared:>14} {victims['grains']:>13} {victims['p50Ms']:>8,.0f} {victims['p90Ms']:>8,.0f} {victims['p99Ms']:>8,.0f} {victims['maxMs']:>8,.0f} {victims['failures']:>13}   "
          f"{others['grains']:>10} {others['p50Ms']:>8,.0f} {others['p99Ms']:>8,.0f} {others['maxMs']:>8,.0f} {others['failures']:>13}", flush=True)
    silos.start(number)
    return row
