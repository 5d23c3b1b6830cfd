"""Servers taking turns: window after window, the median of each figure over the rounds."""

import dataclasses
import statistics

from .load import Load


@dataclasses.dataclass
class Plan:
    rounds: int = 5
    first_warm: float = 5.0
    warm: float = 1.0
    seconds: float = 2.0


QUICK = Plan(rounds=3, first_warm=1.5, warm=0.3, seconds=0.8)

SUMMED = ("lost", "wrong", "duplicate", "retransmitted")


def _median(windows):
    result = {}
    for key in windows[0]:
        values = [window[key] for window in windows if not isinstance(window[key], dict)]
        if values:
            result[key] = sum(values) if key in SUMMED else statistics.median(values)
    result["spread"] = [min(w["cpu_us"] for w in windows), max(w["cpu_us"] for w in windows)]
    return result


def warm_up(servers):
    """Lets a runtime that compiles while it runs come to an end with that, before anything is judged."""
    for server in servers:
        if server.compiles_for:
            load = Load("relay", server, allocations=100, payload=160, burst=1)
            load.window(server.compiles_for, 0.1, 50_000)
            load.end()


def take_turns(workload, servers, plan, rate=0, **options):
    """{server name: median of its windows}. A generator per server keeps its allocations over all rounds."""
    loads = []
    try:
        for server in servers:
            loads.append(Load(workload, server, **options))
        windows = {server.name: [] for server in servers}
        for turn in range(plan.rounds):
            for load in loads:
                warm = plan.warm if turn else plan.first_warm
                windows[load.server.name].append(load.window(warm, plan.seconds, rate))
        for load in loads:
            if not load.end():
                print(f"  {load.server.name} did not confirm the deletion of every allocation")
        return {name: _median(list_of) for name, list_of in windows.items()}
    finally:
        for load in loads:
            load.abort()
