"""The platform under test: a real Standalone process, and what a client asks of its HTTP API."""

import base64
import json
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from . import network
from .cells import Failure

ROOT = pathlib.Path(__file__).resolve().parents[3]
HTTP = "http://127.0.0.1:8080"
PORT, ALTERNATE_PORT, TLS_PORT = 3478, 3479, 5349
START_SECONDS, USAGE_SECONDS = 180, 60


class Relay:
    """A relay on both loopback addresses, with a second one for NAT behaviour discovery; loopback peers are allowed."""

    def __init__(self, folder, authority, chain, key):
        self.authority = authority
        self.log = pathlib.Path(folder, "standalone.log")
        self._process = subprocess.Popen(
            ["dotnet", ROOT / "Standalone/bin/Release/net10.0/Standalone.dll", f"--Data:Path={folder}/data", f"--Gateway:Urls={HTTP}",
             *(f"--Relay:ListenAddresses:{i}={address}" for i, address in enumerate(network.LOOPBACK.values())),
             f"--Relay:Port={PORT}", f"--Relay:TlsPort={TLS_PORT}", f"--Relay:AlternateAddress={network.SECOND}",
             f"--Relay:AlternatePort={ALTERNATE_PORT}", "--Relay:AllowPeers:0=127.0.0.0/8", "--Relay:AllowPeers:1=::1/128",
             f"--Relay:CertificatePath={chain}", f"--Relay:CertificateKeyPath={key}", "--Relay:UsageReportSeconds=1"],
            stdout=open(self.log, "w"), stderr=subprocess.STDOUT, cwd=folder)
        tenant, token = self._started()
        self._account = "Basic " + base64.b64encode(f"{tenant}:{token}".encode()).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @staticmethod
    def port(column):
        return TLS_PORT if column.transport.is_secure else PORT

    @staticmethod
    def uri(column, host=None):
        """The TURN URI of RFC 7065, by name: some clients take no IPv6 literal, some ask certificates for names only."""
        scheme = "turns" if column.transport.is_secure else "turn"
        return f"{scheme}:{host or network.NAMES[column.version]}:{Relay.port(column)}?transport={'tcp' if column.transport.is_stream else 'udp'}"

    def mint(self):
        """A token with a label of its own: (label, username, credential)."""
        label = uuid.uuid4().hex
        token = self._call("/v1/tokens", {"label": label})
        return label, token["username"], token["credential"]

    def trust(self):
        """Environment in which Python, Go and Node trust the relay's certificate."""
        return {"SSL_CERT_FILE": str(self.authority), "NODE_EXTRA_CA_CERTS": str(self.authority)}

    def usage(self, label):
        """(bytesToPeer, bytesFromPeer, packetsToPeer, packetsFromPeer) as a billing job sees them."""
        return self._sum(self._usage_rows(label))

    def expect_usage(self, label, expected):
        """Waits until the platform's usage equals what was counted outside of it."""
        self._until(lambda: self.usage(label) == expected(),
                    lambda: f"usage (bytes to and from peers, datagrams to and from peers) is {self.usage(label)}, counted were {expected()}")

    def expect_call(self, label, column, least):
        """Waits for the usage of a call through this relay: at least so many bytes both ways, all on the column's transport."""
        def seen():
            rows = [row for row in self._usage_rows(label) if row["bytesToPeer"] or row["bytesFromPeer"]]
            return self._sum(rows)[:2], {row["transport"] for row in rows}

        def is_right():
            (to_peer, from_peer), transports = seen()
            return to_peer >= least and from_peer >= least and transports == {column.transport.value.lower()}

        self._until(is_right, lambda: f"usage (bytes to and from peers, transports) is {seen()}")
        return seen()[0]

    def _usage_rows(self, label):
        rows, after = [], ""
        while after is not None:
            page = self._call(f"/v1/usage?groupBy=label,transport&limit=500&after={after}")
            rows += [row for row in page["items"] if row["label"] == label]
            after = page.get("next")
        return rows

    @staticmethod
    def _sum(rows):
        return tuple(sum(row[name] for row in rows) for name in ("bytesToPeer", "bytesFromPeer", "packetsToPeer", "packetsFromPeer"))

    @staticmethod
    def _until(condition, otherwise):
        until = time.monotonic() + USAGE_SECONDS
        while not condition():
            if time.monotonic() > until:
                raise Failure(otherwise())
            time.sleep(0.3)

    def _call(self, path, body=None):
        request = urllib.request.Request(HTTP + path, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", self._account)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise Failure(f"{path} answered {refusal.code}: {refusal.read()[:500]!r}") from None

    def _started(self):
        until = time.monotonic() + START_SECONDS
        while True:
            output = self.log.read_text()
            if "/v1/tokens" in output:
                return (re.search(pattern, output)[1] for pattern in (r"first tenant +(AC\w+)", r"auth token +(\S+)"))
            if self._process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The relay did not start:\n{output}")
            time.sleep(0.1)
