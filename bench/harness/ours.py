"""Our relay as it runs in production: a process of its own beside a silo and a gateway, which share the other core."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from . import build, processes, servers

SILO_PORT, SILO_GATEWAY_PORT, API_PORT, SILO_HEALTH, RELAY_HEALTH = 13411, 13412, 13408, 13401, 13402
OPERATOR_KEY = "benchmark-operator-key-0123456789"


def _http(url, body=None, authorization=None):
    request = urllib.request.Request(url, method="GET" if body is None else "POST",
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


class Ours(servers.Server):
    name, port = "ours", 13470
    relay_settings = {}

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.data = os.path.join(self.folder, "data")  # apart from the working folder, which .NET's settings watch
        os.mkdir(self.data)
        self.silo = self.gateway = None

    @property
    def log(self):
        return build.OUT / "relay.log"

    def _settings(self, **extra):
        """Environment of every host: one region on SQLite with Orleans' development clustering on loopback."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOTNET_GC")}
        environment |= {
            "Data__Path": self.data, "Orleans__Endpoints__SiloPort": str(SILO_PORT),
            "Orleans__Endpoints__GatewayPort": str(SILO_GATEWAY_PORT), "Operator__Key": OPERATOR_KEY,
            "Gateway__Urls": f"http://127.0.0.1:{API_PORT}", "Relay__Id": "bench",
            "Relay__Port": str(self.port), "Relay__TlsPort": str(self.port + 1), "Relay__MinPort": "20000",
            "Relay__AllowPeers__0": "127.0.0.0/8", "Relay__Workers": "1",
            "Logging__LogLevel__Default": "Warning"}
        return environment | {key.replace(":", "__"): str(value) for key, value in extra.items()}

    def _start_host(self, host, core, **settings):
        log = open(build.OUT / f"{host.lower()}.log", "w")
        return processes.start([build.host_binary(host)], core, cwd=self.folder, stdout=log,
                               stderr=subprocess.STDOUT, env=self._settings(**settings))

    def start(self):
        if self.silo is None:
            self._start_control_plane()
        self.process = self._start_host("Relay", processes.SERVER_CORE,
                                        **{"Health:Urls": f"http://127.0.0.1:{RELAY_HEALTH}"}, **self.relay_settings)
        processes.wait_until(lambda: self._ended() or _http(f"http://127.0.0.1:{RELAY_HEALTH}/health/ready")[0] == 200,
                             "the relay")
        processes.wait_until(lambda: servers.answers_binding(self.address, self.port), "the relay's UDP port")
        if self.username is None:
            self._mint_token()
        return self

    def _start_control_plane(self):
        self.silo = self._start_host("Silo", processes.GENERATOR_CORE,
                                     **{"Health:Urls": f"http://127.0.0.1:{SILO_HEALTH}"})
        processes.wait_until(lambda: _http(f"http://127.0.0.1:{SILO_HEALTH}/health/ready")[0] == 200, "the silo")
        self.gateway = self._start_host("Gateway", processes.GENERATOR_CORE)
        processes.wait_until(lambda: _http(f"http://127.0.0.1:{API_PORT}/health/ready")[0] == 200, "the gateway")

    def _mint_token(self):
        """A token of a new tenant, as any client gets one; its username and credential are what TURN asks for."""
        api = f"http://127.0.0.1:{API_PORT}/v1"
        tenant = self._created(f"{api}/tenants", {"name": "bench"}, f"Bearer {OPERATOR_KEY}")
        account = base64.b64encode(f"{tenant['id']}:{tenant['authToken']}".encode()).decode()
        token = self._created(f"{api}/tokens", {"ttlSeconds": 86400}, f"Basic {account}")
        self.username, self.password = token["username"], token["credential"]

    @staticmethod
    def _created(url, body, authorization):
        for _ in range(60):
            status, answer = _http(url, body, authorization)
            if status != 503:  # the gateway learns of a new relay from its next heartbeat
                break
            time.sleep(0.5)
        if status != 201:
            build.stop(f"POST {url} was answered with {status}: {answer[:500]!r}")
        return json.loads(answer)

    def control_plane_cpu(self):
        """CPU seconds of silo and gateway so far."""
        return processes.cpu_seconds(self.silo.pid) + processes.cpu_seconds(self.gateway.pid)

    def close(self):
        for process in (self.process, self.gateway, self.silo):
            processes.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)
