"""Runs programs of other people, with a time limit: some of them may wait for ever."""

import os
import signal
import subprocess

from .cells import Failure


def run(command, seconds, stdin=None, environment=None, codes=(0,)):
    """Runs a program to its end and returns its output; raises Failure with the output otherwise."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                               env=os.environ | (environment or {}))
    try:
        output, _ = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        raise Failure(f"{command[0]} did not end within {seconds} s:\n{output}") from None
    if codes is not None and process.returncode not in codes:
        raise Failure(f"{command[0]} ended with {process.returncode}:\n{output}")
    return output
