"""Windows that count: what is measured is warm, and the machine was ours. What its host gives to others costs time, and the caches too."""

import math
import os
import time

from . import processes

STOLEN = 0.005  # share of the machine that its host may give to others in a window that counts


def warm_up(cost, at_most, in_a_row, share_of_cheapest):
    """Measures costs until so many in a row are above a share of the cheapest before them: the runtime compiles what is hot, counts what happens there and compiles it again."""
    cheapest, vain = math.inf, 0
    for _ in range(at_most):
        latest = cost()
        vain = vain + 1 if latest > share_of_cheapest * cheapest else 0
        cheapest = min(latest, cheapest)
        if vain == in_a_row:
            return


def share(measure):
    """Runs a measurement; its result, a dict, with the share of the machine that was `stolen` meanwhile, unless the result says it itself."""
    began, stolen = time.monotonic(), processes.stolen_seconds()
    result = measure()
    return {"stolen": (processes.stolen_seconds() - stolen) / ((time.monotonic() - began) * os.cpu_count())} | result


def windows(measure, wanted):
    """As many windows as wanted. Up to three times as many are tried, and the quietest count."""
    return turns({"": measure}, wanted)[""]


def turns(measures, wanted, stolen=STOLEN, tries=3):
    """As many windows as wanted of each kind, by name; the kinds take turns. Up to `tries` times as many are tried, and the quietest of each count."""
    tried = {name: [] for name in measures}
    for _ in range(tries * wanted):
        for name, measure in measures.items():
            tried[name] = sorted([*tried[name], share(measure)], key=lambda window: window["stolen"])
        if all(len(of_kind) >= wanted and of_kind[wanted - 1]["stolen"] <= stolen for of_kind in tried.values()):
            break
    return {name: of_kind[:wanted] for name, of_kind in tried.items()}


def median(measured, key):
    """The window in the middle by `key`."""
    return sorted(measured, key=key)[len(measured) // 2]
