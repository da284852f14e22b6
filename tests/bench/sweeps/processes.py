"""How cost grows with worker processes and with hosts."""

import time

from harness import machine, stores
from harness.servers import BenchError
from harness.sweep import Point, Sweep, thin
from sweeps.size import cached, every_cold, updates

WORKERS = (1, 2, 4, 8)
FOREIGN_CHANGES = 50_000
# Ten rows in a transaction: for a large one the feed renews all caches at once.
FOREIGN_UPDATES = """
SET synchronous_commit = off;
DO $$
DECLARE first int;
BEGIN
    FOR first IN 100000 .. 99999 + {count} BY 10 LOOP
        UPDATE products SET stock_quantity = 1 WHERE id IN
            (SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
             FROM generate_series(first, first + 9) AS n);
        COMMIT;
    END LOOP;
END $$;
"""


def workers(fleet, options):
    points = []
    for count in thin(WORKERS, options.points):
        stack = fleet.stack(workers=count)
        points += [
            Point("cached record", count, cached(fleet, stack)),
            Point("cold record", count, every_cold(fleet, stack, options.seconds)),
            Point("update", count, updates(fleet, stack)),
        ]
    sweep = Sweep("workers", "Worker processes of a host", "workers")
    return sweep.measure(points, options.rounds, options.seconds)


def senders(stack):
    """The processes of PostgreSQL that send its log to a larder-feed."""
    found = stores.psql(stack.database(), "-c", "SELECT pid FROM pg_stat_replication")
    return {int(pid) for pid in found.split()}


def feed_cpu(feeds, sender):
    """CPU seconds of a feed, and of the process of PostgreSQL that sends to it."""
    everything = machine.processes()
    feed = sum(everything[pid].cpu for pid in machine.tree(feeds, everything))
    return {"larder-feed": feed, "walsender": everything[sender].cpu}


class Cost:
    """CPU ms for 1,000 changes, by process, of what is done inside the with statement."""

    def __init__(self, stack, hosts):
        self._stack = stack
        self._hosts = hosts

    def _read(self):
        return {name: feed_cpu(*host) for name, host in self._hosts.items()}

    def __enter__(self):
        self._before = self._read()
        self._began = time.monotonic()
        self.changes = 0
        return self

    def __exit__(self, kind, *_):
        if kind:
            return
        self._stack.await_feed()
        self.seconds = time.monotonic() - self._began
        after = self._read()
        self.found = {
            f"{name}: {process}": (cpu - self._before[name][process]) * 1e6 / self.changes
            for name, cpus in after.items() for process, cpu in cpus.items()
        }


def feed(fleet, options):
    """What the feeds of two hosts cost that share PostgreSQL and Redis: while one of them writes,
    and while somebody writes past both. There is no quantity; two hosts tell what each costs."""
    stack = fleet.stack()
    own = senders(stack)
    other = fleet.another_host(stack)
    added = senders(stack) - own
    if len(own) != 1 or len(added) != 1:
        raise BenchError(f"the feeds of two hosts have {len(own)} and {len(added)} senders")
    hosts = {
        "this host": (int(stack.state["feed_supervisor_pid"]), own.pop()),
        "another host": (int(other.state["feed_supervisor_pid"]), added.pop()),
    }
    sweep = Sweep("feed", "What larder-feed costs for 1,000 changes, in CPU ms", "")
    with Cost(stack, hosts) as cost:
        cost.changes = updates(fleet, stack).run(4 * options.seconds).requests
    sweep.figures[""] = {f"a worker writes; {name}": value for name, value in cost.found.items()}
    with Cost(stack, hosts) as cost:
        cost.changes = min(FOREIGN_CHANGES, stack.products)
        stores.psql(stack.database(), text=FOREIGN_UPDATES.format(count=cost.changes))
    sweep.figures[""] |= {f"written past; {name}": value for name, value in cost.found.items()}
    sweep.figures[""]["written past; changes/s, statement and feeds"] = cost.changes / cost.seconds
    return sweep
