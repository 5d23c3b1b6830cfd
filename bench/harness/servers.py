"""The servers under test. Each starts on the server core and says where it listens and whom it lets in."""

import errno
import os
import socket
import struct
import subprocess
import tempfile

from . import build, processes


def answers_binding(address, port):
    request = struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.sendto(request, (address, port))
            return probe.recv(1500)[8:20] == request[8:20]
        except OSError:
            return False


def refuse_company(address, port):
    """With SO_REUSEPORT a server left over from a run that was killed would take half of the packets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                build.stop(f"{address}:{port} is in use, perhaps by a server of a run that was killed: find it with `ss -lunp sport = :{port}` and end it first")


class Server:
    """Each has a loopback address of its own: ten thousand allocations of each at a time need more relayed ports than one address has."""

    name = ""
    address, port = "127.0.0.1", 0
    aside = False  # listed without targets, in the first case of each kind only: every turn takes time
    username = password = None
    process = None
    compiles_for = 0  # seconds under load

    @property
    def log(self):
        return build.OUT / f"{self.name}.log"

    @property
    def pid(self):
        return self.process.pid

    def workers(self):
        """Processes whose CPU time is the server's."""
        return [self.pid]

    def load_options(self):
        """What the load generator needs to reach it."""
        return {}

    def loaded(self):
        """A load generator is ready to begin."""

    def command(self):
        raise NotImplementedError

    def start(self):
        refuse_company(self.address, self.port)
        self.process = processes.start(self.command(), processes.SERVER_CORE, stdout=open(self.log, "w"), stderr=subprocess.STDOUT)
        processes.wait_until(lambda: answers_binding(self.address, self.port) or self._ended(), self.name)
        return self

    def _ended(self):
        if self.process.poll() is not None:
            raise SystemExit(f"bench: {self.name} ended; see {self.log}")
        return False

    def stop(self):
        processes.stop(self.process)

    def start_fresh(self):
        """Another process that knows nothing of what the one before did."""
        self.stop()
        return self.start()

    def close(self):
        self.stop()


class Coturn(Server):
    """Debian's coturn with everything off that a plain TURN server does not need."""

    name, port = "coturn", 13480
    username, password = "bench", "secret"
    more = ()

    def command(self):
        binary = build.need("turnserver", "coturn")
        # One relay thread: on one core it is as good as coturn gets (none and the default cost the same or more).
        return [binary, "-c", "/dev/null", "-n", "-m", "1", "--listening-ip", self.address, *self.more,
                "--listening-port", self.port, "--relay-ip", self.address, "--min-port", 20000, "--max-port", 65535,
                "--lt-cred-mech", "--user", f"{self.username}:{self.password}", "--realm", "bench",
                "--db", os.path.join(tempfile.gettempdir(), "bench-coturn.sqlite"), "--no-tls", "--no-dtls",
                "--no-cli", "--no-rfc5780", "--no-software-attribute", "--allow-loopback-peers",
                "--log-file", "/dev/null", "--no-stdout-log", "--pidfile", build.OUT / "coturn.pid"]


class Floor(Server):
    """Our C floor: the socket calls of a TURN relay and nothing else."""

    name, port = "floor", 13490
    address = "127.0.0.2"
    options = ("--segment", "--coalesce")

    def command(self):
        return [build.OUT / "floor", f"{self.address}:{self.port}", *self.options]
