"""The network that relay and clients see: a namespace of its own, with loopback, an interface for browsers, and names."""

import pathlib
import subprocess

LOOPBACK = {4: "127.0.0.1", 6: "::1"}
SECOND = "127.0.0.2"  # of the two addresses of NAT behaviour discovery
INTERFACE = {4: "10.77.0.1", 6: "fd77::1"}  # Chromium gathers nothing while the machine has loopback only
CLIENT_PORTS = (32768, 49151)  # apart from the relayed ports, which begin above
NAMES = {4: "ipv4.relay.test", 6: "ipv6.relay.test"}


def set_up(folder):
    """Called once, in a fresh network and mount namespace."""
    for command in ("link set lo up",
                    "link add browsers type veth peer name stub",
                    f"addr add {INTERFACE[4]}/24 dev browsers",
                    f"-6 addr add {INTERFACE[6]}/64 dev browsers nodad",
                    "link set browsers up",
                    "link set stub up",
                    # Firefox without a camera's permission sends from the default route's address only.
                    "route add default via 10.77.0.254 dev browsers",
                    "-6 route add default via fd77::254 dev browsers"):
        subprocess.run(["ip", *command.split()], check=True)
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("{} {}".format(*CLIENT_PORTS))
    hosts = pathlib.Path(folder, "hosts")
    hosts.write_text("127.0.0.1 localhost\n::1 localhost\n" + "".join(f"{LOOPBACK[v]} {NAMES[v]}\n" for v in NAMES))
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def refuse_direct_paths():
    """From now on no client reaches another by UDP without a relayed address in between, whatever it tries by itself."""
    ports = "{}-{}".format(*CLIENT_PORTS)
    for command in ("add table inet interop",
                    "add chain inet interop out { type filter hook output priority 0; }",
                    f"add rule inet interop out udp sport {ports} udp dport {ports} drop"):
        subprocess.run(["nft", command], check=True)
