"""Builds what a run needs: the load generator, the floor, and our hosts in Release."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "artifacts" / "bench"
HOSTS = ("Silo", "Gateway", "Relay")


def stop(message):
    sys.exit(f"bench: {message}")


def need(program, packages):
    """The path of a program; its Debian packages are installed when it is missing."""
    if shutil.which(program) is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            stop(f"{program} is missing: apt-get install {packages}")
        print(f"installing {packages}", flush=True)
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages.split()]):
            done = subprocess.run(["apt-get", "-q", *command], capture_output=True, text=True,
                                  env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
            if done.returncode != 0:
                stop(f"apt-get {command[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return shutil.which(program) or stop(f"{program} is missing though {packages} was installed")


def _compile(target, sources, headers):
    target = OUT / target
    inputs = [*sources, *headers]
    if target.exists() and all(target.stat().st_mtime > path.stat().st_mtime for path in inputs):
        return
    need("gcc", "gcc libc6-dev")
    subprocess.run(["gcc", "-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", *map(str, sources), "-o", str(target)],
                   check=True)


def build_tools():
    OUT.mkdir(parents=True, exist_ok=True)
    load, floor = ROOT / "bench" / "load", ROOT / "bench" / "floor"
    headers = list(load.glob("*.h"))
    _compile("load", sorted(load.glob("*.c")), headers)
    _compile("floor", [floor / "floor.c", load / "stun.c", load / "digest.c"], headers)


def build_project(folder):
    done = subprocess.run(["dotnet", "build", str(ROOT / folder), "-c", "Release", "-v", "quiet", "-nologo"], capture_output=True, text=True)
    if done.returncode != 0:
        stop(f"{folder} does not build:\n{done.stdout[-2000:]}")


def build_hosts():
    for host in HOSTS:
        build_project(host)


def host_binary(host, root=ROOT):
    return pathlib.Path(root) / host / "bin" / "Release" / "net10.0" / host
