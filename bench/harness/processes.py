"""Starting processes pinned to a core, and reading what they take."""

import os
import pathlib
import resource
import signal
import subprocess
import time

SERVER_CORE, GENERATOR_CORE = 0, 1
FILES = 65536


class Priority:
    """How measured processes are kept ahead of whatever else the machine does; the same for every server."""

    chosen = "nice"

    @classmethod
    def apply(cls):
        try:
            if cls.chosen == "realtime":
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
            elif cls.chosen == "nice":
                # Scheduling groups follow the session, so niceness only counts when set on the group.
                pathlib.Path("/proc/self/autogroup").write_text("-15")
        except OSError:
            pass  # not root: the run is as good as the machine is quiet


def file_limit():
    """How many files a process here may open; the generator and every server raise their own limit to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), max(hard, FILES)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _prepare(core):
    def prepare():
        if core is not None:
            os.sched_setaffinity(0, {core})
        file_limit()
        Priority.apply()

    return prepare


def start(command, core, **options):
    return subprocess.Popen([str(part) for part in command], preexec_fn=_prepare(core),
                            start_new_session=True, **options)


def pin(pid, core):
    """Pins a kernel thread, and keeps it ahead of other work as the measured processes are."""
    os.sched_setaffinity(pid, {core})
    if Priority.chosen != "none":
        os.setpriority(os.PRIO_PROCESS, pid, -15)


def ahead(pid, priority=10):
    """Lets a process that measures time run as soon as there is something to measure; of two, the one of the higher priority first."""
    try:
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(priority))
    except OSError:
        pass


def behind(*running):
    """As deployed (deploy/systemd): the control plane five steps behind a relay on the same machine."""
    for process in running:
        try:
            pathlib.Path(f"/proc/{process.pid}/autogroup").write_text("-10")
        except OSError:
            pass


def stop(process, seconds=10):
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_seconds(pid):
    """User and system time of all threads, from the scheduler's run times."""
    return time.clock_gettime((~pid << 3) | 2)


def stolen_seconds():
    """Processor time of this machine that its host gave to others so far; 0 where there is no host to tell."""
    with open("/proc/stat") as counters:
        return int(counters.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    """(VmRSS, PSS) in KiB."""
    values = {}
    for name in ("status", "smaps_rollup"):
        for line in pathlib.Path(f"/proc/{pid}/{name}").read_text().splitlines():
            key, _, rest = line.partition(":")
            if key in ("VmRSS", "Pss"):
                values[key] = int(rest.split()[0])
    return values["VmRSS"], values["Pss"]


def wait_until(ready, what, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if ready():
            return
        time.sleep(0.1)
    raise SystemExit(f"bench: {what} did not become ready within {seconds} s")
