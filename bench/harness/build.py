"""Builds what a run needs: the load generator, the floor, and our hosts in Release."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "artifacts" / "bench"
HOSTS = ("Silo", "Gateway", "Relay")


def stop(message):
    sys.exit(f"bench: {message}")


def _compile(target, sources, headers):
    target = OUT / target
    inputs = [*sources, *headers]
    if target.exists() and all(target.stat().st_mtime > path.stat().st_mtime for path in inputs):
        return
    if shutil.which("gcc") is None:
        stop("gcc is missing: apt-get install gcc libc6-dev")
    subprocess.run(["gcc", "-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", *map(str, sources), "-o", str(target)],
                   check=True)


def build_tools():
    OUT.mkdir(parents=True, exist_ok=True)
    load, floor = ROOT / "bench" / "load", ROOT / "bench" / "floor"
    headers = list(load.glob("*.h"))
    _compile("load", sorted(load.glob("*.c")), headers)
    _compile("floor", [floor / "floor.c", load / "stun.c", load / "digest.c"], headers)


def build_hosts():
    for host in HOSTS:
        done = subprocess.run(["dotnet", "build", str(ROOT / host), "-c", "Release", "-v", "quiet", "-nologo"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            stop(f"{host} does not build:\n{done.stdout[-2000:]}")


def host_binary(host, root=ROOT):
    return pathlib.Path(root) / host / "bin" / "Release" / "net10.0" / host
