"""Everything a row needs, from the start of the servers to their end."""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

from harness import machine, peers
from harness.load import Generator
from harness.servers import Account, BenchError, raise_file_limit
from harness.stack import Stack

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
PEERS = ("loop", "go", "fastify", "php", "flask")


class Bench:
    """A context manager: the servers run inside it. results: the rows that are done, by name."""

    def __init__(self, build, workers, servers, against=None, rounds=5, seconds=5,
                 memory_seconds=60):
        """servers: which of PEERS to start; against: another checkout, for the contender `base`."""
        self.rounds = rounds
        self.seconds = seconds
        self.memory_seconds = memory_seconds
        self.account = Account()
        self.results = {}
        self._against = against and against.resolve()
        self._workers = workers
        self._wanted = servers
        self._programs = build.resolve()
        self._limits = itertools.count(1)
        self._base = None
        self._others = []
        self._peers = None

    def __enter__(self):
        raise_file_limit()
        os.umask(0o022)  # the account reads what is made here
        self.directory = Path(tempfile.mkdtemp(prefix="larder-bench-"))
        self.directory.chmod(0o755)
        self.account.own(self.directory)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        program = self._programs / "bin" / "larder-load"
        if not program.exists():
            raise BenchError(f"there is no program {program}: run make bench")
        self.generator = Generator(program, self.directory)
        self.stack = Stack("larder", ROOT, self.directory / "stack", self._workers,
                           self._programs)
        self.stack.up()
        self.stack.fill(HERE / "data.sql")
        if self._against:
            self._base = Stack("base", self._against, self.directory / "base", self._workers,
                               self._against / "build")
            self._base.up()
            self._base.fill(HERE / "data.sql")
            peers.prepare_stores(self._base)  # so that its stores hold as much
        peers.prepare_stores(self.stack)
        self._peers = peers.Peers(self.stack, self.directory, self._programs, self.account)
        self._peers.start([name for name in PEERS if name in self._wanted])

    def __exit__(self, *_):
        if self._peers:
            self._peers.stop()
        for stack in (*self._others, self._base, getattr(self, "stack", None)):
            if stack and stack.directory.exists():
                stack.destroy()
        shutil.rmtree(self.directory)

    @property
    def missing(self):
        return self._peers.missing

    def servers(self, names):
        """Those of the named servers that run, in this order."""
        running = {"larder": self.stack} | self._peers.servers
        if self._base:
            running["base"] = self._base
        return [running[name] for name in names if name in running]

    def another_stack(self, name, **settings):
        """Of this checkout with other settings, beside the usual one until the end."""
        stack = Stack(name, ROOT, self.directory / name, self._workers, self._programs)
        stack.environment |= settings
        self._others.append(stack)
        stack.up()
        return stack

    def script(self, name):
        return HERE / "pgbench" / f"{name}.sql"

    def next_limit(self, at_most):
        """A limit for a list that was not asked for yet."""
        return at_most - next(self._limits)

    def versions(self):
        def of(*command):
            return machine.first_line(*command) or "not installed"

        commit = of("git", "-C", str(ROOT), "describe", "--always", "--dirty")
        found = {
            "larder": f"{commit}, {self._workers} workers",
            "nginx": of("/usr/sbin/nginx", "-v"),
            "postgresql": of("psql", "--version"),
            "redis": of("redis-server", "--version"),
        }
        if "go" in self._peers.servers:
            found["go"] = of("go", "version")
        if "fastify" in self._peers.servers:
            found["node"] = of("node", "--version")
        if "php" in self._peers.servers:
            found["php"] = of(peers.find_php(), "--version")
        if "flask" in self._peers.servers:
            found["gunicorn"] = of(peers.find_gunicorn(), "--version")
        return found | {name: f"left out: {why}" for name, why in self.missing.items()}
