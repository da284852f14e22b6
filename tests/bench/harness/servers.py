"""Servers of the benchmark as processes."""

import os
import pwd
import resource
import signal
import socket
import subprocess
import time

START_SECONDS = 30
STOP_SECONDS = 10


class BenchError(Exception):
    """The benchmark cannot go on, or its answers were wrong."""


class Missing(Exception):
    """A server cannot be built here; says why."""


class Server:
    """Something that answers HTTP on a port of 127.0.0.1."""

    def __init__(self, name, port):
        self.name = name
        self.port = port

    def groups(self):
        """The processes that work for it: root id -> name of the group."""
        raise NotImplementedError


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return holder.getsockname()[1]


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Account:
    """Who runs the servers: PostgreSQL refuses root, so scripts/stack leaves it for www-data."""

    def __init__(self):
        self._account = pwd.getpwnam("www-data") if os.geteuid() == 0 else None

    def own(self, path):
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def arguments(self):
        """For subprocess.Popen."""
        if not self._account:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


class Processes:
    """What was started in the background; in directory, which keeps the logs."""

    def __init__(self, directory, account, environment):
        self._directory = directory
        self._account = account
        self._environment = environment
        self._running = []

    def start(self, name, command, stdin=subprocess.DEVNULL, **environment):
        path = self._directory / f"{name}.log"
        with open(path, "ab") as log:
            self._account.own(path)
            process = subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=log, cwd=self._directory,
                env=os.environ | self._environment | environment, start_new_session=True,
                **self._account.arguments(),
            )
        self._running.append((name, process))
        return process.pid

    def stop(self):
        """Asks each to end, the last one first, and kills what does not."""
        for _, process in reversed(self._running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def check(self):
        """Raises if one of them has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                text = (self._directory / f"{name}.log").read_text().strip()
                raise BenchError(f"{name} has ended: {text[-500:]}")


def listen(path, account):
    """A listening Unix socket for a server that expects it as its standard input."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    account.own(path)
    listener.listen(4096)
    return listener


def wait_for(what, condition, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
