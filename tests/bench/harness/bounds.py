"""What Larder is to reach, row by row. The ratios count: they hold on any machine."""

import dataclasses
from collections.abc import Callable
from statistics import median

from harness.rounds import contender_name


@dataclasses.dataclass
class Bound:
    """value: of a row, or None if what it is compared with took no part."""

    row: str
    text: str
    value: Callable
    limit: float
    at_most: bool = False

    def is_met(self, found):
        return found <= self.limit if self.at_most else found >= self.limit


def ratio(other, member="rate", name="larder"):
    return lambda row: row.ratio(name, other, member)


COMPARED = ("go", "fastify", "php", "flask")  # the peers, behind nginx or not


def best(row):
    """The fastest peer of a row."""
    peers = [name for name in row.runs if name.partition("-")[0] in COMPARED]
    return max(peers, key=lambda name: median(row.values(name, "rate")), default=None)


def ratio_to_best(member):
    return lambda row: row.ratio("larder", best(row), member)


def figure(name):
    return lambda row: row.figures[name]


def latency(contender, member):
    def value(row):
        return median(run.latency[member] for run in row.runs[contender])

    return value


def queries_per_worker(row):
    return row.figures["most_queries_record"] / row.figures["workers"]


def growth(row):
    return row.figures["end_mib"] / row.figures["half_mib"]


def failures(row):
    return row.errors


BOUNDS = [
    Bound("item", "requests/s to the bare loop", ratio("loop"), 0.90),
    Bound("item", "CPU to the bare loop", ratio("loop", "total_cpu"), 1.15, at_most=True),
    Bound("item", "requests/s to Fastify without nginx", ratio("fastify"), 1.0),
    Bound("item", "requests/s to Fastify behind nginx", ratio("fastify-nginx"), 1.6),
    Bound("item", "requests/s to PHP-FPM", ratio("php"), 3.3),
    Bound("item", "requests/s to Flask", ratio("flask"), 8.0),
    Bound("list", "requests/s to nginx with a constant key", ratio("nginx-key"), 0.95),
    Bound("cold", "requests/s to pgbench's selects", ratio("pgbench"), 0.6),
    Bound("update", "requests/s to pgbench's updates", ratio("pgbench"), 0.5),
    Bound("update", "requests/s to the best peer", ratio_to_best("rate"), 1.2),
    Bound("mix", "requests/s to the best peer", ratio_to_best("rate"), 1.3),
    Bound("mix", "CPU to the best peer", ratio_to_best("total_cpu"), 0.75, at_most=True),
    Bound("duplicate", "CPU to a cached record", ratio("item", "total_cpu", "duplicate"), 1.3,
          at_most=True),
    Bound("connections", "requests/s at 4,096 to 64", ratio("larder-64", name="larder-4096"), 0.8),
    Bound("connections", "failed requests", failures, 0, at_most=True),
    Bound("million", "ms to the first byte", figure("first_byte_ms"), 300, at_most=True),
    Bound("million", "MiB of a worker at most", figure("worker_peak_mib"), 64, at_most=True),
    Bound("million", "time to that of COPY", figure("ratio_to_copy"), 1.3, at_most=True),
    *(
        Bound("warm", f"requests/s of the list {title}, {share} % writes to none",
              ratio(contender_name("larder", title, 0), name=contender_name("larder", title, share)),
              limit)
        for title, share, limit in (
            ("of a customer", 1, 0.8), ("of a customer", 5, 0.6), ("of a customer", 20, 0.3),
            ("high-salary", 5, 0.8),
        )
    ),
    *(
        Bound("warm", f"requests/s of the list {title}, {share} % writes, to base",
              ratio(contender_name("base", title, share), name=contender_name("larder", title, share)),
              limit)
        for title, share, limit in (
            ("of a customer", 1, 3), ("of a customer", 5, 3), ("of a customer", 20, 3),
            ("all employees", 5, 1.5),
        )
    ),
    *(
        Bound("auth", f"requests/s of a cached {title} with a token, to one with AUTH=off",
              ratio(f"larder: {title}", name=f"larder-auth: {title}"), limit)
        for title, limit in (("record", 0.95), ("list", 0.85))
    ),
    Bound("bursts", "queries per worker for a record", queries_per_worker, 1, at_most=True),
    Bound("bursts", "queries for a list", figure("most_queries_list"), 1, at_most=True),
    *(
        Bound("latency", f"{member} in ms{beside}", latency(contender, member), limit, at_most=True)
        for contender, beside in (
            ("larder", ""),
            ("larder, a list streams", ", a list streams"),
            ("larder, 500 updates/s", ", 500 updates/s"),
        )
        for member, limit in (("p99", 2), ("p99.9", 10))
    ),
    Bound("memory", "MiB of a worker at rest", figure("rest_mib"), 20, at_most=True),
    Bound("memory", "MiB of a worker under the mix", figure("end_mib"), 40, at_most=True),
    Bound("memory", "growth over the second half", growth, 1.02, at_most=True),
    Bound("start", "ms to a worker's first answer", figure("worker_ms"), 100, at_most=True),
    Bound("start", "seconds for make up", figure("make_up_seconds"), 5, at_most=True),
]


def check(rows):
    """For each bound of the rows that were run: (bound, value)."""
    found = []
    for bound in BOUNDS:
        if bound.row in rows:
            value = bound.value(rows[bound.row])
            if value is not None:
                found.append((bound, value))
    return found
