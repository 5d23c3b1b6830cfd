"""Sessions: from the POST until both endpoints know the decision, over a gateway, a silo and a relay of their own."""

import json
import subprocess

from . import build, processes
from .ours import Ours

#: Sessions; how many start each second, 0 = as fast as the next parameter lets them; how many are on their way at a time, 0 = all. The first case meets code that
#: has never run: a look at a fresh process, not judged.
CASES = ((1000, 50, 0), (1000, 50, 0), (1000, 100, 0), (1000, 0, 64), (1000, 0, 0))
QUICK = ((200, 50, 0), (200, 50, 0), (200, 0, 64), (200, 0, 0))
WARM_UP = 100
TARGET_MS = 500


def run(quick):
    build.build_project("bench/Sessions")
    relay = Ours()
    relay.control_plane.core = None  # the relay has nothing to do here: silo, gateway and clients share both cores
    try:
        relay.start()
        gateway, tenant, token = relay.control_plane.account()
        print(f"{'sessions':>9} {'per second':>11} {'at a time':>10} {'seconds':>8} {'POST p50':>9} {'p99':>8} {'decided p50':>12} {'p99':>8}  ms   {'CPU ms/session':>14}  p99 < {TARGET_MS} ms")
        for place, (count, rate, in_flight) in enumerate(QUICK if quick else CASES):
            before = relay.control_plane.cpu()
            answer = subprocess.run(
                [build.ROOT / "bench/Sessions/bin/Release/net10.0/Sessions.Bench", gateway, tenant, token] + [str(part) for part in (WARM_UP, count, rate, in_flight)],
                capture_output=True, text=True)
            if answer.returncode != 0:
                build.stop(f"sessions failed: {answer.stdout}{answer.stderr}")
            figures = json.loads(answer.stdout)
            post, decided = figures["postMs"], figures["decidedMs"]
            cpu = (relay.control_plane.cpu() - before) * 1000 / (WARM_UP + count)
            verdict = "fresh process" if place == 0 else "met" if decided["p99"] < TARGET_MS else "NOT MET"
            print(f"{count:>9,} {rate or '':>11} {in_flight or 'all':>10} {figures['seconds']:>8.1f} {post['p50']:>9.1f} {post['p99']:>8.1f} {decided['p50']:>12.1f} {decided['p99']:>8.1f}  {'':4} {cpu:>14.2f}  {verdict}", flush=True)
    finally:
        relay.close()
