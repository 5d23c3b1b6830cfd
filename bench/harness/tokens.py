"""Tokens: how many a gateway mints each second, and what each costs it. wrk asks from the other core."""

import base64
import os
import re
import subprocess

from . import build, processes, quiet
from .ours import Ours

TARGET_RATE, TARGET_CPU = 10_000, 100
CONNECTIONS = 32

#: Name, method, path, media type, body, whose credential: the tenant's auth token or an API key.
CASES = (
    ("POST /v1/tokens", "POST", "/v1/tokens", "application/json", '{"label":"bench"}', "token"),
    ("Twilio Tokens.json", "POST", "/2010-04-01/Accounts/{tenant}/Tokens.json", "application/x-www-form-urlencoded", "Ttl=3600", "token"),
    ("Cloudflare generate", "POST", "/v1/turn/keys/{key}/credentials/generate-ice-servers", "application/json", '{"ttl":3600}', "key"),
    ("REST GET /turn", "GET", "/turn?service=turn&username=bench", None, None, "key"),
    ("GET /v1/usage", "GET", "/v1/usage", None, None, "token"),
)
MINTING = 4

#: One key asks all there is to ask. Counted all the same: each answer says what is left.
RATES = {f"Gateway:RateLimits:{name}": 1_000_000 for name in ("TokensPerSecond", "TokensBurst", "RequestsPerSecond", "RequestsBurst")}


def run(quick):
    build.need("wrk", "wrk")
    relay = Ours()
    try:
        plane = relay.control_plane
        plane.more_settings |= RATES
        relay.start()
        url, tenant, secret = plane.account()
        basic = "Basic " + base64.b64encode(f"{tenant}:{secret}".encode()).decode()
        key = plane.created(f"{url}/v1/tenants/{tenant}/keys", {"name": "bench"}, basic)
        credentials = {"token": basic, "key": f"Bearer {key['id']}.{key['secret']}"}
        for thread in os.listdir(f"/proc/{plane.gateway.pid}/task"):
            os.sched_setaffinity(int(thread), {processes.SERVER_CORE})
        print(f"{'request':<20} {'per second':>11} {'CPU us each':>12} {'p50 ms':>8} {'p99 ms':>8} {'refused':>8} {'stolen %':>9}  >= {TARGET_RATE:,}/s  <= {TARGET_CPU} us")
        for number, (name, method, path, media, body, credential) in enumerate(CASES):
            target = url + path.format(tenant=tenant, key=key["id"])
            script = build.OUT / "tokens.lua"
            script.write_text("\n".join(
                [f'wrk.headers["Authorization"] = "{credentials[credential]}"', f'wrk.method = "{method}"']
                + ([f"wrk.body = '{body}'", f'wrk.headers["Content-Type"] = "{media}"'] if body else [])))
            quiet.warm_up(lambda: _window(plane.gateway.pid, target, script, 3 if quick else 5)["cpu"], at_most=14 if quick else 20, in_a_row=5, share_of_cheapest=0.95)
            windows, seconds = (3, 3) if quick else (5, 10)
            median = quiet.median(quiet.windows(lambda: _window(plane.gateway.pid, target, script, seconds), windows), lambda window: window["rate"])
            verdicts = ("met" if median["rate"] >= TARGET_RATE else "NOT MET", "met" if median["cpu"] <= TARGET_CPU else "NOT MET")
            if number >= MINTING:
                verdicts = ("", "")
            print(f"{name:<20} {median['rate']:>11,.0f} {median['cpu']:>12.1f} {median['p50']:>8.2f} {median['p99']:>8.2f} {median['refused']:>8} {median['stolen'] * 100:>9.1f}  {verdicts[0]:<11} {verdicts[1]}", flush=True)
    finally:
        relay.close()


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
