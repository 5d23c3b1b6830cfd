"""What is measured, and against which targets."""

import dataclasses
import time

from . import processes
from .load import Load
from .rounds import take_turns, warm_up

PACED = 100_000  # per second, about half of what coturn can do: where cost per packet or request is judged
SLOW = 20_000  # for the record: here wake-ups, not packets, are most of the cost


def _leading(servers):
    """Without those that are listed aside, where there are others."""
    return [server for server in servers if not server.aside] or servers


def _column(results, key, scale=1.0):
    return {name: result[key] * scale for name, result in results.items()}


def saturation(servers, plan, report, burst, allocations=100, payload=160, judged=True, label="", **options):
    results = take_turns("relay", servers, plan, allocations=allocations, payload=payload, burst=burst,
                         in_flight=256, **options)
    targets = ({1: 1.3, 8: 2.2}[burst], 0.9) if judged else ()
    report.row(f"delivered packets/s, {allocations} x {payload} B, burst {burst}{label}",
               _column(results, "per_second"), *targets, at_least=True, digits=0)
    report.row("  CPU us per packet then", _column(results, "cpu_us"))
    report.saturation_notes(results)
    return results


def _cost(servers, plan, report, rate, allocations, payload, burst, label="", judged=True, **options):
    results = take_turns("relay", servers, plan, rate, allocations=allocations, payload=payload, burst=burst, **options)
    targets = (0.70, 1.15) if burst == 1 else (0.45, 1.2)
    report.row(f"{allocations} allocations, {payload} B, burst {burst}{label}", _column(results, "cpu_us"),
               *(targets if judged else ()))
    report.notes(results)
    return results


def relay(servers, plan, report, quick, rate):
    report.heading(f"Relaying: server CPU us per packet at {rate:,} packets/s, both directions")
    at_100 = _cost(servers, plan, report, rate, 100, 160, 1)
    if not quick:
        for allocations, payload in ((100, 1200), (1000, 160), (1000, 1200)):
            _cost(_leading(servers), plan, report, rate, allocations, payload, 1)
    _cost(servers, plan, report, rate, 100, 160, 8)
    if not quick:
        for allocations, payload in ((100, 1200), (1000, 160), (1000, 1200)):
            _cost(_leading(servers), plan, report, rate, allocations, payload, 8)
    # The generator sends with UDP_SEGMENT: datagrams arrive together, as from a network card that coalesces.
    _cost(_leading(servers), plan, report, rate, 100, 160, 8, ", arriving coalesced", judged=False, segment=True)
    _cost(servers, plan, report, SLOW, 100, 160, 1, f", at {SLOW:,}/s", judged=False)
    many = 2000 if quick else min(10000, processes.file_limit() // 2 - 100)  # a client and a peer socket each
    at_many = _cost(_leading(servers), plan, report, rate, many, 160, 1, judged=False)
    report.own_ratio(f"cost at {many} / at 100 allocations",
                     {name: at_many[name]["cpu_us"] / at_100[name]["cpu_us"] for name in at_many}, 1.2)
    report.heading("Relaying: as fast as it goes")
    for burst in (1, 8):
        saturation(servers, plan, report, burst)
    saturation(_leading(servers), plan, report, 8, judged=False, label=", coalesced", segment=True)


def latency(servers, plan, report, quick, rate):
    servers = _leading(servers)
    report.heading("Latency of one relayed packet, us, at half of coturn's saturation (100 x 160 B, burst 1)")
    full = saturation(servers, plan, report, 1, judged=False)
    half = full["coturn"]["per_second"] / 2 if "coturn" in full else rate
    results = take_turns("relay", servers, plan, half, allocations=100, payload=160, burst=1)
    for key, name, target in (("p50_ns", "p50", None), ("p99_ns", "p99", 1.0), ("p999_ns", "p99.9", None)):
        report.row(f"{name} at {half:,.0f} packets/s", _column(results, key, 1e-3), target, digits=1)
    report.row("CPU us per packet then", _column(results, "cpu_us"))
    report.notes(results)


def binding(servers, plan, report, quick, rate):
    report.heading("STUN Binding: server CPU us per request")
    rate = min(rate, 50_000)
    results = take_turns("binding", servers, plan, rate, allocations=100)
    report.row(f"at {rate:,} requests/s", _column(results, "cpu_us"), 0.6, 1.3)
    report.notes(results)
    results = take_turns("binding", _leading(servers), plan, allocations=100)
    report.row("as fast as answers come", _column(results, "cpu_us"))
    report.row("  answers per second then", _column(results, "per_second"), digits=0)
    report.saturation_notes(results)


def control(servers, plan, report, quick, rate):
    servers = _leading([server for server in servers if server.name != "floor"])
    report.heading("Allocate (401), Allocate, Refresh 0: server CPU us per cycle; relay alone for ours")
    # As fast as it goes comes first: it also brings the code of our process to its final form, which at 500/s would take minutes.
    results = take_turns("control", servers, dataclasses.replace(plan, first_warm=2 * plan.first_warm), concurrency=32)
    report.row("as fast as it goes, 32 at a time", _column(results, "cpu_us"), 0.5, digits=1)
    report.row("  cycles per second then", _column(results, "per_second"), digits=0)
    report.notes(results)
    before = {server.name: server.control_plane_cpu() for server in servers if hasattr(server, "control_plane_cpu")}
    results = take_turns("control", servers, plan, 500, concurrency=64)
    report.row("at 500 cycles/s", _column(results, "cpu_us"), 0.5, digits=1)
    report.row("  p99 of Allocate, us", _column(results, "p99_ns", 1e-3), digits=0)
    report.notes(results)
    cycles = 500 * (plan.rounds * (plan.seconds + plan.warm) + plan.first_warm - plan.warm) * max(1, len(before))
    for server in servers:
        if server.name in before:
            spent = server.control_plane_cpu() - before[server.name]
            print(f"  (the control plane spent about {spent / cycles * 1e6:.0f} us per cycle)")
            break


def memory(servers, plan, report, quick, rate):
    servers = [server for server in servers if server.name != "floor"]
    count = 2000 if quick else 10000
    report.heading(f"Memory per idle allocation, KiB ({count} allocations, a permission and a channel each)")
    resident, proportional, whole = {}, {}, {}
    for server in servers:
        server.start_fresh()  # what earlier workloads grew, the journal too, does not hide what these allocations need
        warm_up([server])  # what a runtime compiles in its first seconds is not what an allocation takes
        warm = Load("idle", server, allocations=200)
        warm.end()
        before = processes.memory_kib(server.pid)
        load = Load("idle", server, allocations=count)
        after = processes.memory_kib(server.pid)
        load.end()
        resident[server.name] = (after[0] - before[0]) / count
        proportional[server.name] = (after[1] - before[1]) / count
        whole[server.name] = after[0] / 1024
    report.row("resident (VmRSS)", resident, 0.25)
    report.row("proportional (PSS)", proportional)
    report.row("  the whole process then, MiB resident", whole, digits=0)


def tcp(servers, plan, report, quick, rate):
    servers = [server for server in servers if server.name != "floor"]
    report.heading("Clients over TCP, peers over UDP (100 x 160 B)")
    for burst in (1, 8):
        results = take_turns("relay", servers if burst == 1 else _leading(servers), plan, rate // 4, allocations=100, payload=160, burst=burst, tcp=True)
        report.row(f"CPU us per packet at {rate // 4:,}/s, burst {burst}", _column(results, "cpu_us"))
        report.notes(results)
    results = take_turns("relay", _leading(servers), plan, allocations=100, payload=160, burst=1, tcp=True)
    report.row("delivered packets/s as fast as it goes", _column(results, "per_second"), digits=0)
    report.saturation_notes(results)


def garbage(servers, plan, report, quick, rate):
    """What a packet leaves for the garbage collector: many packets beside few, in equal times, so that timers and reports cancel out."""
    servers = _leading([server for server in servers if hasattr(server, "allocated_bytes")])
    packets = 1_000_000 if quick else 10_000_000
    report.heading(f"Managed bytes allocated per relayed packet, over {packets:,} packets (100 x 160 B)")
    per_packet = {}
    for server in servers:
        load = Load("relay", server, allocations=100, payload=160, burst=1, in_flight=256)
        load.window(plan.first_warm, 1)
        begun, before = time.monotonic(), server.allocated_bytes()
        many = 0
        while many < packets:
            many += load.window(0, 5)["delivered"]
        took, between = time.monotonic() - begun, server.allocated_bytes()
        few = load.window(0, took, 100)["delivered"]
        after = server.allocated_bytes()
        load.end()
        per_packet[server.name] = ((between - before) - (after - between)) / (many - few)
        print(f"  {server.name}: {between - before:,.0f} B in {took:.0f} s with {many:,} packets, {after - between:,.0f} B with {few:,}")
    report.own_ratio("bytes per packet", per_packet, 0.05)


ALL = {"relay": relay, "binding": binding, "latency": latency, "control": control, "tcp": tcp, "memory": memory,
       "garbage": garbage}
