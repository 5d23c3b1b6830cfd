"""What control events cost as relays, tenants and silos grow, and the unit costs that tools/ScaleModel reckons with."""

import json
import os
import platform
import signal
import sys

from . import build
from .silos import Bench, Silos, build_bench, database

CHURN = 10  # allocations opened each second at each relay: four events each
RELAYS, TENANTS, SILOS = (4, 16, 64), (10, 1_000, 100_000), (1, 2, 3)
MIDDLE_RELAYS, MIDDLE_TENANTS = 16, 1_000
GROWING = [MIDDLE_RELAYS * silos for silos in SILOS]  # silos are added for relays: each has as many
HELD = 500  # allocations at each relay that live and relay
HEARTBEATS = 2  # of a relay in a second
FLAT = 1.25  # how much more than at the smallest fleet an event may cost at the largest

MODEL = build.ROOT / "tools/ScaleModel"


class Windows:
    def __init__(self, quick):
        self.first_warm, self.warm, self.idle, self.seconds = (10, 3, 5, 5) if quick else (25, 5, 10, 15)


def run(quick):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))  # by way of what is below: nothing is left running
    store = database()
    binary = build_bench("Control")
    windows = Windows(quick)
    rows, costs = [], {}
    try:
        print(f"\nControl events as they come from relays: {CHURN} allocations a second at each, four events each, on PostgreSQL; CPU beyond that of signs of life")
        print(f"{'silos':>6} {'relays':>7} {'tenants':>8} {'events/s':>9} {'a batch':>8} {'silo us/event':>14} {'PostgreSQL us/event':>20} {'rows/event':>11} {'p99 ms':>8} {'idle cores':>11}", flush=True)
        for count in SILOS:
            cases = [(MIDDLE_RELAYS * count, MIDDLE_TENANTS)]
            if count == SILOS[-1]:
                cases += [(relays, MIDDLE_TENANTS) for relays in RELAYS] + [(MIDDLE_RELAYS, tenants) for tenants in TENANTS if tenants != MIDDLE_TENANTS]
            _cluster(binary, store, count, cases, windows, rows, costs if count == SILOS[-1] else None)
        _verdicts(rows)
        _costs(rows, costs)
    finally:
        store.close()
    path = build.OUT / "scale.json"
    path.write_text(json.dumps(rows, indent=1))
    print(f"figures kept in {path.relative_to(build.ROOT)}")
    unit_costs(costs)


def _cluster(binary, store, count, cases, windows, rows, costs):
    """A cluster of its own for each number of silos: grains that are there already would stay where they are."""
    silos = Silos(store)
    bench = None
    try:
        silos.start(*range(count))
        watched = [f"{name}={pid}" for name, pid in silos.pids().items()] + [f"postgres={store.pid}"]
        bench = Bench(binary, silos, *(part for pair in watched for part in ("--process", pair)), log="fleet.log")
        bench.ask(f"fleet {MIDDLE_RELAYS} {MIDDLE_TENANTS}")
        bench.ask(f"churn {CHURN} {windows.first_warm} 1")  # compiled, connections open
        for relays, tenants in cases:
            bench.ask(f"fleet {relays} {tenants}")
            idle = bench.ask(f"idle {windows.idle}")
            rows.append(_row(count, relays, tenants, idle, bench.ask(f"churn {CHURN} {windows.warm} {windows.seconds}")))
        if costs is not None:
            _usage(bench, windows, costs)
    finally:
        if bench:
            bench.close()
        silos.close()


def _silo_cores(figures):
    return sum(cores for name, cores in figures["cores"].items() if name.startswith("silo"))


def _row(silos, relays, tenants, idle, busy):
    events = busy["eventsPerSecond"]
    row = {"silos": silos, "relays": relays, "tenants": tenants, "eventsPerSecond": events, "eventsPerBatch": busy["eventsPerBatch"],
           "siloMicroseconds": (_silo_cores(busy) - _silo_cores(idle)) / events * 1e6,
           "databaseMicroseconds": (busy["cores"]["postgres"] - idle["cores"]["postgres"]) / events * 1e6,
           "rowsPerEvent": (busy["rowsPerSecond"] - idle["rowsPerSecond"]) / events,
           "logBytesPerRow": busy["logBytesPerSecond"] / max(1, busy["rowsPerSecond"]), "p99Ms": busy["p99Ms"], "idleSiloCores": _silo_cores(idle)}
    print(f"{silos:>6} {relays:>7} {tenants:>8,} {events:>9,.0f} {row['eventsPerBatch']:>8.2f} {row['siloMicroseconds']:>14.1f} {row['databaseMicroseconds']:>20.1f} "
          f"{row['rowsPerEvent']:>11.2f} {row['p99Ms']:>8.1f} {row['idleSiloCores']:>11.3f}", flush=True)
    if busy["failures"] or busy["waiting"] > 4 * CHURN * relays:
        print(f"  ! {busy['failures']} batches failed; {busy['waiting']:,} allocations wait for their confirmation")
    return row


def _usage(bench, windows, costs):
    bench.ask(f"fleet {MIDDLE_RELAYS} {MIDDLE_TENANTS}")
    idle = bench.ask(f"idle {windows.idle}")
    # Whole rounds of reports: each relay reports all of its allocations every 5 s.
    busy = bench.ask(f"usage {HELD} 10 {10 if windows.seconds < 10 else 20}")
    reports = busy["eventsPerSecond"]
    silo = (_silo_cores(busy) - _silo_cores(idle)) / reports * 1e6
    postgres = (busy["cores"]["postgres"] - idle["cores"]["postgres"]) / reports * 1e6
    rows = (busy["rowsPerSecond"] - idle["rowsPerSecond"]) / reports
    print(f"\nReports of usage, {MIDDLE_RELAYS} relays with {HELD} busy allocations each: {reports:,.0f}/s, {busy['eventsPerBatch']:.1f} a batch: "
          f"silos {silo:.1f} us, PostgreSQL {postgres:.1f} us and {rows:.2f} rows for each")
    where = f"bench scale: {SILOS[-1]} silos, {reports:,.0f} reports/s in batches of {busy['eventsPerBatch']:.1f}"
    costs["siloUsageMicroseconds"] = (silo, where)
    costs["databaseUsageMicroseconds"] = (postgres, where)
    costs["databaseUsageRows"] = (rows, where)
    costs["databaseAllocationBytes"] = (bench.ask("row")["bytes"], "bench scale: table and indexes of allocations, vacuumed, divided by rows")


def _find(rows, silos, relays, tenants):
    return next(row for row in rows if (row["silos"], row["relays"], row["tenants"]) == (silos, relays, tenants))


def _verdicts(rows):
    most = SILOS[-1]
    print()
    for what, first, last in (
            (f"relays {RELAYS[0]} -> {RELAYS[-1]}", _find(rows, most, RELAYS[0], MIDDLE_TENANTS), _find(rows, most, RELAYS[-1], MIDDLE_TENANTS)),
            (f"tenants {TENANTS[0]:,} -> {TENANTS[-1]:,}", _find(rows, most, MIDDLE_RELAYS, TENANTS[0]), _find(rows, most, MIDDLE_RELAYS, TENANTS[-1])),
            (f"silos and relays {SILOS[1]} and {GROWING[1]} -> {most} and {GROWING[-1]}", _find(rows, SILOS[1], GROWING[1], MIDDLE_TENANTS), _find(rows, most, GROWING[-1], MIDDLE_TENANTS))):
        ratio = _total(last) / _total(first)
        print(f"  silos and PostgreSQL, us per event, {what:<38} {_total(first):>8.1f} -> {_total(last):>8.1f}   x {ratio:.2f}   <= {FLAT} {'met' if ratio <= FLAT else 'NOT met'}")
    few, same = (_find(rows, silos, MIDDLE_RELAYS, MIDDLE_TENANTS) for silos in (SILOS[0], most))
    print(f"  not judged, for who has little to do wakes up for each event: the same {MIDDLE_RELAYS} relays on {SILOS[0]} silo and on {most}   "
          f"{_total(few):.1f} -> {_total(same):.1f}   x {_total(same) / _total(few):.2f}")


def _total(row):
    return row["siloMicroseconds"] + row["databaseMicroseconds"]


def _for_many_silos(rows):
    """With n silos an event comes to another one than its grain's in (n - 1) of n cases: what is measured with one and with three bounds any number."""
    alone, several = (_find(rows, SILOS[at], GROWING[at], MIDDLE_TENANTS)["siloMicroseconds"] for at in (0, -1))
    return max(alone, alone + (several - alone) * SILOS[-1] / (SILOS[-1] - 1))


def _costs(rows, costs):
    most = SILOS[-1]
    middle = _find(rows, most, GROWING[-1], MIDDLE_TENANTS)
    few, many = (_find(rows, most, relays, MIDDLE_TENANTS) for relays in (RELAYS[0], RELAYS[-1]))
    heartbeat = (many["idleSiloCores"] - few["idleSiloCores"]) / ((many["relays"] - few["relays"]) * HEARTBEATS) * 1e6
    bound = _for_many_silos(rows)
    print(f"  silos, us per event with any number of silos: at most {bound:.1f}, from one silo and {most}; us per heartbeat of a relay: {heartbeat:.1f}")
    where = f"bench scale: {most} silos, {middle['relays']} relays, {middle['eventsPerSecond']:,.0f} events/s, {middle['eventsPerBatch']:.2f} in a batch"
    costs["siloEventMicroseconds"] = (bound, f"bench scale: bound for any number of silos, from 1 and {most}")
    costs["siloHeartbeatMicroseconds"] = (heartbeat, f"bench scale: idle silos with {RELAYS[0]} and with {RELAYS[-1]} relays")
    costs["databaseEventMicroseconds"] = (middle["databaseMicroseconds"], where)
    costs["databaseEventRows"] = (middle["rowsPerEvent"], where)
    costs["databaseRowLogBytes"] = (middle["logBytesPerRow"], where + "; without full page writes, which a checkpoint adds")


#: Costs that other workloads measure: file, label of the row, factor.
ELSEWHERE = {
    "relayPacketMicroseconds": (("relay", "all"), "1000 allocations, 160 B, burst 1", 1),
    "relayLifeMicroseconds": (("control", "all"), "at 500 cycles/s", 1),
    "relayAllocationBytes": (("memory", "all"), "resident (VmRSS)", 1024),
}


def unit_costs(measured):
    """Those that came with the model, with what was measured here in their place."""
    costs = json.loads((MODEL / "unit-costs.json").read_text())
    for name, (files, label, factor) in ELSEWHERE.items():
        for file in files:
            path = build.OUT / f"{file}.json"
            found = [row for row in json.loads(path.read_text()) if row["label"] == label and "ours" in row["values"]] if path.exists() else []
            if found:
                costs[name] = {"value": round(found[0]["values"]["ours"] * factor, 3), "from": f"bench {file}: {label}"}
                break
    for name, (value, where) in measured.items():
        costs[name] = {"value": round(max(0.0, value), 3), "from": where}
    costs["machine"] = _machine()
    path = build.OUT / "unit-costs.json"
    path.write_text(json.dumps(costs, indent=2) + "\n")
    print(f"unit costs kept in {path.relative_to(build.ROOT)}; what they come to: dotnet run -c Release --project tools/ScaleModel -- --costs {path.relative_to(build.ROOT)}")


def _machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release().split('-')[0]}"
