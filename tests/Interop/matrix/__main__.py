"""Entry: sets up network, certificates and relay, runs all cells, prints the table. Called by tests/Interop/run in namespaces of its own."""

import argparse
import concurrent.futures
import os
import signal
import sys
import tempfile
import time

from . import browsers, certificates, ice, network, stun_tools, table, turnutils
from .cells import COLUMNS, Failure, NotApplicable, Result
from .relay import Relay

# How many cells at once: coturn's tools mostly wait, libraries work for a while, a browser takes a core.
QUICK = [(turnutils.rows() + stun_tools.rows(), 8)]
WHOLE = [*QUICK, (ice.rows(), 3), (browsers.rows(), 1)]


def main():
    parser = argparse.ArgumentParser(prog="tests/Interop/run", description="Client × transport against a running relay.")
    parser.add_argument("--quick", action="store_true", help="coturn's tools and the classic STUN client only")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name contains TEXT")
    chosen = parser.parse_args()
    # The first process of a namespace is ended by no signal that it does not take; all others end with it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    groups = [([row for row in rows if chosen.only in row.name], at_once) for rows, at_once in (QUICK if chosen.quick else WHOLE)]
    results = []
    with tempfile.TemporaryDirectory(prefix="interop-", ignore_cleanup_errors=True) as folder:
        network.set_up(folder)
        with Relay(folder, *certificates.make(folder)) as relay:
            for number, (rows, at_once) in enumerate(groups):
                if number == len(QUICK):
                    network.refuse_direct_paths()
                with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
                    cells = [pool.submit(run, relay, row, column) for row in rows for column in COLUMNS]
                    results += [cell.result() for cell in cells]
    print("\n" + table.text([row for rows, _ in groups for row in rows], results) + "\n")
    count = {state: sum(result.state == state for result in results) for state in ("ok", "FAIL", "n/a")}
    print(f"interop: {count['ok']} ok, {count['FAIL']} failed, {count['n/a']} not applicable")
    return 1 if count["FAIL"] or not count["ok"] else 0


def run(relay, row, column):
    """One cell, tried as often as its row allows; says at once what came of it."""
    for attempt in range(1, row.attempts + 1):
        start = time.monotonic()
        try:
            state, text = "ok", row.run(relay, column)
        except NotApplicable as reason:
            return Result(row, column, "n/a", str(reason))
        except Failure as failure:
            state, text = "FAIL", str(failure)
        except Exception as bug:  # noqa: BLE001: one broken cell must not take the others with it
            state, text = "FAIL", repr(bug)
        seconds = time.monotonic() - start
        print(f"{row.name}, {column.title}: {state}, {text} ({seconds:.1f} s{f', attempt {attempt}' if attempt > 1 else ''})", flush=True)
        if state == "ok":
            break
    return Result(row, column, state, text, seconds)


if __name__ == "__main__":
    sys.exit(main())
