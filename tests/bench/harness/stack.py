"""Larder itself: a stack of scripts/stack, in a directory of its own, with the benchmark's rows."""

import os
import shutil
import subprocess

from harness import http, stores
from harness.load import PRODUCTS
from harness.servers import BenchError, Server, free_port, wait_for

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB")


class Stack(Server):
    """A whole stack of the checkout at root. Its groups are its nginx, worker, feed, postgres and
    redis."""

    def __init__(self, name, root, directory, workers, programs):
        """programs: the build directory of that checkout."""
        super().__init__(name, free_port())
        self.root = root
        self.directory = directory
        self.descriptions = directory.with_name(f"{directory.name}-resources")
        # The empty addresses keep a developer's .env from leading the stack to somebody's data.
        self.environment = os.environ | dict.fromkeys(ADDRESSES, "") | {
            "STACK": str(directory),
            "RESOURCES_DIR": str(self.descriptions),
            "API_HOST": "127.0.0.1",
            "API_PORT": str(self.port),
            "WORKERS": str(workers),
            "STACK_SEED": "0",
            "LARDER_WORKER": str(programs / "bin" / "larder-worker"),
            "LARDER_FEED": str(programs / "bin" / "larder-feed"),
            "LARDER_SCHEMA": str(programs / "bin" / "larder-schema"),
        }
        self.workers = workers
        self.products = 0
        self.state = {}

    def script(self, *arguments):
        done = subprocess.run(
            [self.root / "scripts" / "stack", *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise BenchError(f"scripts/stack {arguments[0]}: {done.stderr or done.stdout}")
        return done.stdout

    def up(self):
        shutil.copytree(self.root / "resources", self.descriptions, dirs_exist_ok=True)
        self.script("up")
        self.refresh()

    def add_resources(self, directory):
        """Makes the descriptions there live as well, while the stack serves."""
        shutil.copytree(directory, self.descriptions, dirs_exist_ok=True)
        self.up()

    def refresh(self):
        """Learns the process ids again, after something was restarted."""
        lines = self.script("status").splitlines()
        self.state = dict(line.split("=", 1) for line in lines)

    def down(self):
        self.script("down")

    def destroy(self):
        self.script("destroy")
        shutil.rmtree(self.descriptions, ignore_errors=True)

    @property
    def run_directory(self):
        return self.state["run_dir"]

    @property
    def redis_socket(self):
        return self.state["redis_socket"]

    @property
    def worker_pids(self):
        return [int(pid) for pid in self.state["worker_pid"].split()]

    def database(self, name="larder"):
        return stores.url_of(name, self.run_directory)

    def groups(self):
        return {
            int(self.state["nginx_pid"]): "nginx",
            int(self.state["worker_supervisor_pid"]): "app",
            int(self.state["feed_supervisor_pid"]): "feed",
        } | self.store_groups()

    def store_groups(self):
        return {
            int(self.state["redis_pid"]): "redis",
            int(self.state["postgresql_pid"]): "postgres",
        }

    def fill(self, data, products=PRODUCTS, seconds=300):
        self.products = products
        stores.psql(self.database(), "-v", f"products={products}", "-f", str(data))
        self.await_feed(seconds)

    def await_feed(self, seconds=300):
        """Waits until every larder-feed has read all that was written past the workers."""
        end = stores.psql(self.database(), "-c", "SELECT pg_current_wal_lsn()")
        caught_up = f"SELECT bool_and(flush_lsn >= '{end}') FROM pg_stat_replication"
        wait_for("larder-feed has caught up",
                 lambda: stores.psql(self.database(), "-c", caught_up) == "t", seconds)

    def clear_caches(self):
        """Makes every record and list cold, and waits until records are cached again."""
        http.expect(self, 200, "POST", "/cache/clear")
        path = http.product_path(self.products - 1)
        wait_for(f"{self.name} caches records",
                 lambda: http.expect(self, 200, "GET", path).cache == "HIT")
