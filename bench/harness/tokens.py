"""Tokens: how many a gateway mints each second, and what each costs it. wrk asks from the other core."""

import base64
import os
import re
import shutil
import subprocess

from . import build, processes
from .ours import Ours

TARGET_RATE, TARGET_CPU = 10_000, 100
CONNECTIONS = 32

#: Name, path, media type, body.
CASES = (
    ("POST /v1/tokens", "/v1/tokens", "application/json", '{"label":"bench"}'),
    ("Twilio Tokens.json", "/2010-04-01/Accounts/{tenant}/Tokens.json", "application/x-www-form-urlencoded", "Ttl=3600"),
    ("GET /v1/usage", "/v1/usage", None, None),
)


def run(quick):
    if shutil.which("wrk") is None:
        build.stop("wrk is missing: apt-get install wrk")
    relay = Ours()
    try:
        plane = relay.control_plane
        plane.more_settings |= {"Gateway:RateLimits:TokensPerSecond": 0, "Gateway:RateLimits:RequestsPerSecond": 0}  # one key asks all there is to ask
        relay.start()
        url, tenant, secret = plane.account()
        basic = base64.b64encode(f"{tenant}:{secret}".encode()).decode()
        for thread in os.listdir(f"/proc/{plane.gateway.pid}/task"):
            os.sched_setaffinity(int(thread), {processes.SERVER_CORE})
        print(f"{'request':<20} {'per second':>11} {'CPU us each':>12} {'p50 ms':>8} {'p99 ms':>8} {'refused':>8}  >= {TARGET_RATE:,}/s  <= {TARGET_CPU} us")
        for name, path, media, body in CASES:
            target = url + path.format(tenant=tenant)
            script = build.OUT / "tokens.lua"
            script.write_text("\n".join(
                [f'wrk.headers["Authorization"] = "Basic {basic}"']
                + ([f'wrk.method = "POST"', f"wrk.body = '{body}'", f'wrk.headers["Content-Type"] = "{media}"'] if body else [])))
            _warm_up(plane.gateway.pid, target, script, quick)
            windows = sorted((_window(plane.gateway.pid, target, script, 3 if quick else 10) for _ in range(3 if quick else 5)), key=lambda window: window["rate"])
            median = windows[len(windows) // 2]
            verdicts = ("met" if median["rate"] >= TARGET_RATE else "NOT MET", "met" if median["cpu"] <= TARGET_CPU else "NOT MET")
            if body is None:
                verdicts = ("", "")
            print(f"{name:<20} {median['rate']:>11,.0f} {median['cpu']:>12.1f} {median['p50']:>8.2f} {median['p99']:>8.2f} {median['refused']:>8}  {verdicts[0]:<11} {verdicts[1]}", flush=True)
    finally:
        relay.close()


def _warm_up(pid, target, script, quick):
    """Asks until a request costs no less than before: the runtime compiles what is hot twice, on the core that is measured."""
    before = None
    for _ in range(4 if quick else 16):
        cost = _window(pid, target, script, 5)["cpu"]
        if before is not None and cost > 0.95 * before:
            return
        before = cost


def _window(pid, target, script, seconds):
    before = processes.cpu_seconds(pid)
    answer = _ask(target, script, seconds)
    cpu = processes.cpu_seconds(pid) - before
    requests = int(re.search(r"(\d+) requests in", answer)[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", answer)
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", answer)[1]), "cpu": cpu * 1e6 / max(1, requests), "p50": _milliseconds(answer, "50%"),
            "p99": _milliseconds(answer, "99%"), "refused": int(refused[1]) if refused else 0}


def _ask(target, script, seconds):
    done = subprocess.run(
        ["taskset", "-c", str(processes.GENERATOR_CORE), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), target],
        capture_output=True, text=True)
    if done.returncode != 0:
        build.stop(f"wrk failed: {done.stdout}{done.stderr}")
    return done.stdout


def _milliseconds(answer, percentile):
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", answer).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
