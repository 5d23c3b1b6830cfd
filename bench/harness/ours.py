"""Our relay as it runs in production: a process of its own beside a silo and a gateway, which share the other core."""

import base64
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from . import build, processes, servers

SILO_PORT, SILO_GATEWAY_PORT, API_PORT, SILO_HEALTH = 13411, 13412, 13408, 13401
OPERATOR_KEY = "benchmark-operator-key-0123456789"


def _http(url, body=None, authorization=None, method="POST"):
    request = urllib.request.Request(url, method="GET" if body is None else method,
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
    except OSError:
        return 0, b""


def read(url):
    """The text at a URL of one of our hosts; empty when it does not answer."""
    return _http(url)[1].decode()


def unconfirmed(relay):
    """Allocations in a relay's journal: live, or ended and not yet confirmed by the cluster."""
    found = re.search(r"^netdiscovery_relay_journal_unconfirmed\w*(?:\{[^}]*\})? (\S+)", read(f"http://127.0.0.1:{relay.health}/metrics"), re.M)
    return float(found[1]) if found else build.stop("the relay's metrics do not tell what is unconfirmed")


class ControlPlane:
    """Silo and gateway of the relays under test, and a token of a tenant there."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.data = os.path.join(self.folder, "data")  # apart from the working folder, which .NET's settings watch
        os.mkdir(self.data)
        self.memory = tempfile.mkdtemp(prefix="bench-", dir="/dev/shm")  # for journals, as deploy/systemd has it
        self.silo = self.gateway = self.username = self.password = None
        self.users = 0
        self.core = processes.GENERATOR_CORE
        self.more_settings = {}
        self.discovery = None  # of the tenant, where it is not the default one

    def settings(self, **extra):
        """Environment of every host: one region on SQLite with Orleans' development clustering on loopback."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOTNET_GC")}
        environment |= {
            "Data__Path": self.data, "Orleans__Endpoints__SiloPort": str(SILO_PORT),
            "Orleans__Endpoints__GatewayPort": str(SILO_GATEWAY_PORT), "Operator__Key": OPERATOR_KEY,
            "Gateway__Urls": f"http://127.0.0.1:{API_PORT}", "Logging__LogLevel__Default": "Warning"}
        return environment | {key.replace(":", "__"): str(value) for key, value in (self.more_settings | extra).items()}

    def start_host(self, host, core, log=None, root=build.ROOT, environment=None, **settings):
        output = open(build.OUT / f"{log or host.lower()}.log", "w")
        return processes.start([build.host_binary(host, root)], core, cwd=self.folder, stdout=output,
                               stderr=subprocess.STDOUT, env=self.settings(**settings) | (environment or {}))

    def start(self):
        if self.silo is not None:
            return
        self.silo = self.start_host("Silo", self.core,
                                    **{"Health:Urls": f"http://127.0.0.1:{SILO_HEALTH}"})
        processes.wait_until(lambda: _http(f"http://127.0.0.1:{SILO_HEALTH}/health/ready")[0] == 200, "the silo")
        self.gateway = self.start_host("Gateway", self.core)
        processes.wait_until(lambda: _http(f"http://127.0.0.1:{API_PORT}/health/ready")[0] == 200, "the gateway")

    def mint_token(self):
        """A token of a new tenant, as any client gets one; its username and credential are what TURN asks for."""
        if self.username is None:
            self.username, self.password = self.token_of_a_new_tenant()
        return self.username, self.password

    def token_of_a_new_tenant(self):
        gateway, tenant, secret = self.account()
        account = base64.b64encode(f"{tenant}:{secret}".encode()).decode()
        if self.discovery:
            status, answer = _http(f"{gateway}/v1/tenants/{tenant}/discovery", self.discovery, f"Bearer {OPERATOR_KEY}", "PUT")
            if status not in (200, 201, 204):
                build.stop(f"PUT discovery was answered with {status}: {answer[:500]!r}")
        token = self.created(f"{gateway}/v1/tokens", {"ttlSeconds": 86400}, f"Basic {account}")
        return token["username"], token["credential"]

    def account(self):
        """The gateway's address, and id and auth token of a new tenant."""
        gateway = f"http://127.0.0.1:{API_PORT}"
        tenant = self.created(f"{gateway}/v1/tenants", {"name": "bench"}, f"Bearer {OPERATOR_KEY}")
        return gateway, tenant["id"], tenant["authToken"]

    @staticmethod
    def created(url, body, authorization):
        for _ in range(60):
            status, answer = _http(url, body, authorization)
            if status != 503:  # the gateway learns of a new relay from its next heartbeat
                break
            time.sleep(0.5)
        if status != 201:
            build.stop(f"POST {url} was answered with {status}: {answer[:500]!r}")
        return json.loads(answer)

    def cpu(self):
        """CPU seconds of silo and gateway so far."""
        return processes.cpu_seconds(self.silo.pid) + processes.cpu_seconds(self.gateway.pid)

    def close(self):
        for process in (self.gateway, self.silo):
            processes.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.memory, ignore_errors=True)


class Ours(servers.Server):
    """The relay as it comes: on Linux, with the batched path."""

    name, port, health = "ours", 13470, 13402
    address = "127.0.0.3"
    relay_settings = {}
    compiles_for = 8
    root, environment = build.ROOT, {}
    control_plane = None  # of all relays of this run

    def __init__(self, control_plane=None):
        if control_plane is None:
            control_plane = Ours.control_plane = Ours.control_plane or ControlPlane()
        self.control_plane = control_plane
        self.control_plane.users += 1

    @property
    def log(self):
        return build.OUT / f"{self.name}.log"

    def start(self):
        servers.refuse_company(self.address, self.port)
        self.control_plane.start()
        self.process = self.control_plane.start_host(
            "Relay", processes.SERVER_CORE, self.name, self.root, self.environment,
            **{"Health:Urls": f"http://127.0.0.1:{self.health}", "Relay:Id": f"bench-{self.name}", "Relay:JournalPath": self.control_plane.memory, "Relay:Port": self.port,
               "Relay:ListenAddresses:0": self.address, "Relay:TlsPort": self.port + 1, "Relay:MinPort": 20000, "Relay:AllowPeers:0": "127.0.0.0/8",
               "Relay:Workers": 1,
               # The generator is a few senders that ask more than any client would; what a request costs is the question here.
               "Relay:BindingsPerSecond": 1_000_000, "Relay:AllocatesPerSecondPerTenant": 0, "Relay:UnauthenticatedPerSecond": 1_000_000} | self.relay_settings)
        processes.wait_until(lambda: self._ended() or _http(f"http://127.0.0.1:{self.health}/health/ready")[0] == 200,
                             self.name)
        processes.wait_until(lambda: servers.answers_binding(self.address, self.port), f"the UDP port of {self.name}")
        self.username, self.password = self.control_plane.mint_token()
        return self

    def start_fresh(self):
        self.stop()
        for folder in (self.control_plane.memory, self.control_plane.data):  # the journal and its copy
            for path in glob.glob(os.path.join(folder, f"journal-bench-{self.name}.*")):
                os.remove(path)
        return self.start()

    def allocated_bytes(self):
        """Managed bytes allocated since the process began, from its own metrics; None when they do not tell."""
        for line in read(f"http://127.0.0.1:{self.health}/metrics").splitlines():
            found = re.match(r"dotnet_gc_heap_total_allocated\w*(?:\{[^}]*\})? (\S+)", line)
            if found:
                return float(found[1])
        return None

    def control_plane_cpu(self):
        """CPU seconds of silo and gateway so far."""
        return self.control_plane.cpu()

    def close(self):
        processes.stop(self.process)
        self.control_plane.users -= 1
        if self.control_plane.users == 0:
            self.control_plane.close()
            if Ours.control_plane is self.control_plane:
                Ours.control_plane = None  # who comes later in this run starts another


class Portable(Ours):
    """The same relay with plain .NET sockets, as on other systems."""

    name, port, health = "portable", 13460, 13403
    address = "127.0.0.4"
    aside = True
    relay_settings = {"Relay:DatagramPath": "portable"}


class Other(Ours):
    """A relay built from another work tree, or run with other variables: a change beside what was before it."""

    name, port, health = "other", 13450, 13404
    address = "127.0.0.5"
