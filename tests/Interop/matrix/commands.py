"""Runs programs of other people, with a time limit: some of them may wait for ever."""

import os
import signal
import subprocess

from .cells import Failure

GRACE_SECONDS = 5


def run(command, seconds, stdin=None, environment=None, codes=(0,)):
    """Runs a program to its end and returns its output; raises Failure with the output otherwise."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                               env=os.environ | (environment or {}))
    try:
        output, _ = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        output = _end(process)
        raise Failure(f"{command[0]} did not end within {seconds} s:\n{output}") from None
    if codes is not None and process.returncode not in codes:
        raise Failure(f"{command[0]} ended with {process.returncode}:\n{output}")
    return output


def _end(process):
    """Asked first: a browser is in a session of its own, and only the program that started it ends it."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.communicate(timeout=GRACE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0]
