"""One load generator process, told window by window what to do."""

import json
import subprocess

from . import build, processes


class Load:
    def __init__(self, workload, server, **options):
        command = [build.OUT / "load", workload, "--server", f"{server.address}:{server.port}",
                   "--core", processes.GENERATOR_CORE]
        for pid in server.workers():
            command += ["--process", pid]
        if server.username:
            command += ["--username", server.username, "--password", server.password]
        for name, value in (server.load_options() | options).items():
            if value is not False and value is not None:
                command.append("--" + name.replace("_", "-"))
                if value is not True:
                    command.append(value)
        self.server = server
        self.process = processes.start(command, processes.GENERATOR_CORE, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self._answer()
        server.loaded()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the load generator gave up on {self.server.name}")
        return json.loads(line)

    def window(self, warm, seconds, rate=0):
        """One measured window; the rate is per second, 0 = as fast as it goes."""
        self.process.stdin.write(f"window {warm} {seconds} {int(rate)}\n")
        self.process.stdin.flush()
        result = self._answer()
        delivered = result["delivered"]
        result["per_second"] = delivered / result["seconds"]
        result["cpu_us"] = result["server_cpu_ns"] / 1000 / delivered if delivered else float("nan")
        result["core_share"] = result["server_cpu_ns"] / 1e9 / result["seconds"]
        return result

    def end(self):
        """Deletes the allocations; answers whether the server confirmed each."""
        self.process.stdin.write("end\n")
        self.process.stdin.close()
        line = self.process.stdout.readline()
        self.process.wait(60)
        return bool(line)

    def abort(self):
        processes.stop(self.process)
