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
    """Runs a measurement; its result, a dict, with the share of the machine that was `stolen` meanwhile."""
    began, stolen = time.monotonic(), processes.stolen_seconds()
    result = measure()
    return result | {"stolen": (processes.stolen_seconds() - stolen) / ((time.monotonic() - began) * os.cpu_count())}


def windows(measure, wanted):
    """As many windows as wanted. Up to three times as many are tried, and the quietest count."""
    tried = []
    for _ in range(3 * wanted):
        tried.append(share(measure))
        tried.sort(key=lambda window: window["stolen"])
        if len(tried) >= wanted and tried[wanted - 1]["stolen"] <= STOLEN:
            break
    return tried[:wanted]


def median(measured, key):
    """The window in the middle by `key`."""
    return sorted(measured, key=key)[len(measured) // 2]
