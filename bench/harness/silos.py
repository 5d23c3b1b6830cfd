"""Several silos of one region as processes, on a PostgreSQL of the run's own."""

import json
import subprocess

from . import build, lives, ours, processes

FIRST_SILO, FIRST_GATEWAY, FIRST_HEALTH = 13421, 13431, 13441


def build_bench(name):
    """Builds bench/NAME and returns its program."""
    build.build_project(f"bench/{name}")
    return build.ROOT / f"bench/{name}/bin/Release/net10.0/{name}.Bench"


class Silos:
    """Silos that are numbered from 0; one that was killed may be started again under its number."""

    def __init__(self, database, **settings):
        self.plane = ours.ControlPlane()
        self.plane.more_settings = {"Storage:Provider": "PostgreSql", "ConnectionStrings:Storage": database.connection,
                                    "Orleans:Endpoints:AdvertisedIPAddress": "127.0.0.1"} | settings
        self.running = {}

    def start(self, *numbers):
        """Starts those, at once, and waits until each is ready."""
        for number in numbers:
            self.running[number] = self.plane.start_host(
                "Silo", None, f"silo-{number}",
                **{"Orleans:Endpoints:SiloPort": self.port(number), "Orleans:Endpoints:GatewayPort": FIRST_GATEWAY + number,
                   "Health:Urls": f"http://127.0.0.1:{FIRST_HEALTH + number}"})
        for number in numbers:
            processes.wait_until(lambda: self._ready(number), f"silo {number} (its log: {build.OUT / f'silo-{number}.log'})", 120)

    def stop(self, *numbers):
        """Asks those to end, and waits."""
        for number in numbers:
            processes.stop(self.running.pop(number), 60)

    def kill(self, number):
        """SIGKILL."""
        process = self.running.pop(number)
        process.kill()
        process.wait()

    @staticmethod
    def port(number):
        return FIRST_SILO + number

    def pids(self):
        return {f"silo-{number}": process.pid for number, process in sorted(self.running.items())}

    def _ready(self, number):
        if self.running[number].poll() is not None:
            build.stop(f"silo {number} ended; see {build.OUT / f'silo-{number}.log'}")
        return '"status":"healthy"' in ours.read(f"http://127.0.0.1:{FIRST_HEALTH + number}/health/ready").replace(" ", "")[:30]

    def close(self):
        self.stop(*list(self.running))
        self.plane.close()


class Bench:
    """A program of bench/ that answers each line with a line of JSON."""

    def __init__(self, binary, silos, *arguments, log):
        self.log = build.OUT / log
        self.process = processes.start(
            [binary, *(f"--{name}={value}" for name, value in silos.plane.more_settings.items()), *arguments], None,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, stderr=open(self.log, "w"), env=silos.plane.settings())
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            build.stop(f"the load generator ended; see {self.log}")
        return json.loads(line)

    def tell(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text):
        self.tell(text)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        processes.stop(self.process)


def database():
    """A PostgreSQL server of this run's own; it needs bench/Control."""
    build_bench("Control")
    return lives.Database()
