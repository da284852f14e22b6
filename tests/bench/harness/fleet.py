"""Larder's stacks of several sizes, side by side, so that what is compared can be interleaved."""

import os
import shutil
import tempfile
from pathlib import Path

from harness import stores
from harness.bench import HERE, ROOT
from harness.load import Generator
from harness.rounds import progress
from harness.servers import Account, BenchError, raise_file_limit
from harness.stack import Stack

FEED_SECONDS = 3600  # for ten million products


class Fleet:
    """A context manager: the stacks run inside it. Each is started when it is first asked for."""

    def __init__(self, build, products, workers):
        """products, workers: of the stack that most sweeps use."""
        self.products = products
        self.workers = workers
        self._programs = build.resolve()
        self._stacks = {}

    def __enter__(self):
        raise_file_limit()
        os.umask(0o022)  # the account of the servers reads what is made here
        program = self._programs / "bin" / "larder-load"
        if not program.exists():
            raise BenchError(f"there is no program {program}: run make growth")
        self.directory = Path(tempfile.mkdtemp(prefix="larder-growth-"))
        self.directory.chmod(0o755)
        Account().own(self.directory)
        self.generator = Generator(program, self.directory)
        return self

    def __exit__(self, *_):
        self.keep()
        shutil.rmtree(self.directory)

    def stack(self, products=None, workers=None):
        """A stack with so many products and worker processes."""
        key = (products or self.products, workers or self.workers)
        if key not in self._stacks:
            self._stacks[key] = self._start(*key)
        return self._stacks[key]

    def another_host(self, stack):
        """A host of its own beside a stack, with the same PostgreSQL and Redis."""
        host = self._make(f"{stack.name}-other", 1)
        host.environment["DATABASE_URL"] = stack.state["database_url"]
        host.environment["REDIS_URL"] = stack.state["redis_url"]
        self._stacks["other"] = host
        host.up()
        return host

    def keep(self, *stacks):
        """Stops and deletes all others, those first that use the stores of others."""
        for key, stack in reversed(list(self._stacks.items())):
            if stack not in stacks:
                del self._stacks[key]
                if stack.directory.exists():
                    stack.destroy()

    def _make(self, name, workers):
        return Stack(name, ROOT, self.directory / name, workers, self._programs)

    def _start(self, products, workers):
        progress(f"a stack with {products:,} products and {workers} workers")
        stack = self._make(f"stack-{products}-{workers}", workers)
        try:
            stack.up()
            stack.fill(HERE / "data.sql", products, FEED_SECONDS)
            stores.psql(stack.database(), "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")
        except BaseException:
            stack.destroy()
            raise
        return stack
