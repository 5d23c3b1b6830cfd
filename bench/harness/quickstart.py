"""Quick start: how long a newcomer waits from the clone to a relayed call between two tabs, by the README's own commands."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from base64 import b64encode

from . import build

TARGET_SECONDS = 300
BROWSER = build.ROOT / "tests" / "EndToEnd" / "browser"


def run():
    if not (BROWSER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=BROWSER, check=True)  # the newcomer's browser is there already: not part of the time
    folder = pathlib.Path(tempfile.mkdtemp(prefix="netdiscovery-quickstart-"))
    standalone = None
    try:
        watch = Watch()
        subprocess.run(["git", "clone", "--quiet", build.ROOT, folder / "NetDiscovery"], check=True)
        watch.step("git clone")
        # No package was ever fetched and nothing was built here: as on a fresh machine.
        fresh = os.environ | {"NUGET_PACKAGES": str(folder / "packages"), "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
        standalone = subprocess.Popen(["dotnet", "run", "--project", "Standalone"], cwd=folder / "NetDiscovery", env=fresh, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        url, tenant, secret = _until_up(standalone)
        watch.step("dotnet run --project Standalone, until it is up (packages fetched, all of it built)")
        _relay_only(url, tenant, secret)
        _call(url, tenant, secret)
        watch.step("two tabs of /try in a call through the relay: video, and a message each way")
        print(f"{watch.total:8.1f} s  in all   < {TARGET_SECONDS} s {'met' if watch.total < TARGET_SECONDS else 'NOT met'}")
    finally:
        if standalone:
            os.killpg(standalone.pid, signal.SIGTERM)
            standalone.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Watch:
    def __init__(self):
        self._start = self._last = time.monotonic()
        self.total = 0.0

    def step(self, name):
        now = time.monotonic()
        print(f"{now - self._last:8.1f} s  {name}", flush=True)
        self._last, self.total = now, now - self._start


def _until_up(standalone):
    """Returns the URL, and the first tenant with its auth token, as the terminal shows them."""
    shown = ""
    for line in standalone.stdout:
        shown += line
        found = [re.search(pattern, shown) for pattern in (r"console +(\S+)", r"first tenant +(AC\S+)", r"auth token +(\S+)")]
        if all(found):
            return [match[1] for match in found]
    build.stop(f"Standalone ended:\n{shown[-3000:]}")


def _relay_only(url, tenant, secret):
    request = urllib.request.Request(f"{url}/v1/tenants/{tenant}/discovery", b'{"decision":"relay-only"}', method="PUT", headers={
        "Content-Type": "application/json", "Authorization": "Basic " + b64encode(f"{tenant}:{secret}".encode()).decode()})
    urllib.request.urlopen(request, timeout=60).close()


def _call(url, tenant, secret):
    done = subprocess.run(["node", BROWSER / "try-call.mjs"], input=json.dumps({"url": url, "account": tenant, "secret": secret, "screenshot": None}),
                          capture_output=True, text=True)
    result = json.loads(done.stdout or "{}")
    if done.returncode != 0 or {result[end]["path"] for end in ("alice", "bob")} != {"relay"}:
        build.stop(f"no relayed call came about:\n{done.stdout}{done.stderr}")
