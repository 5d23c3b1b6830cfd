"""Workload `profile`: where each server's processor time goes, by what the kernel was doing when perf looked; in microseconds per packet or request."""

import statistics
import subprocess

from . import build, processes
from .load import Load

SECONDS, LOOKS = 5, 1999  # looks per second

# The first that is met in a sample's call chain, from the inside out, says which part it belongs to.
PARTS = (
    ("waking who waits for it", ("try_to_wake_up", "__wake_up_common", "sock_def_readable", "ep_poll_callback", "__wake_up_sync_key")),
    ("an XDP or TC program", ("bpf_prog_",)),
    ("a veth: frames from and to sockets' buffers", ("veth_convert_skb_to_xdp_buff", "veth_xdp_rcv", "veth_xdp_xmit", "veth_xmit", "veth_poll")),
    ("delivery: from the interface into a socket", ("__netif_receive_skb", "process_backlog", "net_rx_action", "napi_gro_receive", "napi_complete_done")),
    ("sending: from the call to the interface", ("__sys_sendmmsg", "__x64_sys_send", "__sys_sendto", "____sys_sendmsg", "sock_sendmsg")),
    ("receiving", ("do_recvmmsg", "__x64_sys_recv", "__sys_recvfrom", "___sys_recvmsg", "sock_recvmsg")),
    ("waiting for something to do", ("do_epoll_wait", "do_epoll_pwait", "__x64_sys_epoll_wait", "__x64_sys_epoll_pwait", "__x64_sys_poll", "futex_wait")),
    ("sockets opened, set up and closed", ("__sys_socket", "__sys_bind", "__sys_setsockopt", "__sys_connect", "__x64_sys_close", "__x64_sys_epoll_ctl", "do_epoll_ctl", "__sys_getsockname")),
    ("memory: faults and maps", ("asm_exc_page_fault", "__x64_sys_madvise", "__x64_sys_mmap", "__x64_sys_munmap")),
    ("a thread of the kernel, the rest", ("napi_threaded_poll", "kthread")),
    ("other system calls", ("do_syscall_64", "entry_SYSCALL_64", "x64_sys_call")),
    ("interrupts", ("asm_sysvec_", "asm_common_interrupt", "sysvec_")),
)
OWN = "the process's own code, and the way into the kernel"


def run(servers, rate):
    """On loopback: packets, Bindings, Allocates."""
    build.need("perf", "linux-perf")
    _case(servers, f"Relaying 100 x 160 B, burst 1, {rate:,} packets/s", "relay", rate, allocations=100, payload=160, burst=1)
    _case(servers, f"Relaying 100 x 160 B, burst 8, {rate:,} packets/s", "relay", rate, allocations=100, payload=160, burst=8)
    _case(servers, f"Bindings, {rate // 2:,}/s", "binding", rate // 2, allocations=100)
    cycles = [server for server in servers if server.name != "floor"]
    _case(cycles, "Allocate (401), Allocate, Refresh 0, as fast as it goes", "control", 0, concurrency=32)
    _case(cycles, "Allocate (401), Allocate, Refresh 0, 500 cycles/s", "control", 500, concurrency=64)


def on_cables(servers, rate):
    """With the threads of the server's interfaces."""
    build.need("perf", "linux-perf")
    for workload, name in (("relay", "over cables (veth)"), ("frames", "as a network card with XDP brings them")):
        for burst in (1, 8):
            _case(servers, f"100 x 160 B {name}, burst {burst}, {rate:,} packets/s", workload, rate, allocations=100, payload=160, burst=burst)


def _case(servers, title, workload, rate, **options):
    print(f"\n{title}: microseconds each")
    costs, looks = {}, {}
    for server in servers:
        load = Load(workload, server, **options)
        try:
            cost = statistics.median(load.window(warm, 2, rate)["cpu_us"] for warm in (5, 0.3, 0.3))  # before the looks, which cost too
            seen = _look(load, server, rate)
            looks[server.name] = sum(seen.values()) or build.stop(f"perf saw nothing of {server.name}")
            costs[server.name] = {part: cost * count / looks[server.name] for part, count in seen.items()}
            load.end()
        finally:
            load.abort()
    print(f"  {'':<64}" + "".join(f"{name:>10}" for name in costs))
    for part in [*(name for name, _ in PARTS), OWN]:
        if any(cost.get(part, 0) >= 0.005 for cost in costs.values()):
            print(f"  {part:<64}" + "".join(f"{cost.get(part, 0):>10.2f}" for cost in costs.values()))
    print(f"  {'together':<64}" + "".join(f"{sum(cost.values()):>10.2f}" for cost in costs.values()))
    print(f"  {'looks that found the server at work':<64}" + "".join(f"{count:>10,}" for count in looks.values()), flush=True)


def _look(load, server, rate):
    """How often each part of the server was seen."""
    data = build.OUT / "profile.data"
    # The whole core: threads come and go, and the kernel's own, which are among a server's on cables, are nobody's process.
    looking = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(LOOKS), "-g", "-C", str(processes.SERVER_CORE), "-o", data, "--", "sleep", str(SECONDS)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.ahead(looking.pid)  # servers and generator may fill both cores
    load.window(0.3, SECONDS - 0.6, rate)
    if looking.wait(60) != 0:
        build.stop("perf saw nothing: it needs root, or kernel.perf_event_paranoid at -1 or 0")
    shown = subprocess.run(["perf", "script", "-i", data, "--pid", ",".join(map(str, server.workers())), "-F", "ip,sym"], capture_output=True, text=True).stdout
    seen = {}
    for chain in shown.split("\n\n"):
        if chain.strip():
            part = _part_of([line.split(None, 1)[-1] for line in chain.strip().splitlines()])
            seen[part] = seen.get(part, 0) + 1
    return seen


def _part_of(symbols):
    for symbol in symbols:
        for name, marks in PARTS:
            if symbol.startswith(marks):
                return name
    return OWN
