"""Many clients that ask for the same cold thing at once: how many queries does it cost?"""

import contextlib
import time

from harness import http, load, stores
from harness.load import Load
from harness.rounds import Row, progress
from harness.servers import BenchError

BURSTS = 10
LIST = "/employees/high-salary"
LIST_CONDITION = "salary > 100000"


@contextlib.contextmanager
def statement_log(stack):
    """Has PostgreSQL log every statement meanwhile; gives a function for the lines that have come
    since its last call."""

    def change(setting):
        stores.psql(stack.database(), "-c", f"ALTER SYSTEM {setting}", "-c",
                    "SELECT pg_reload_conf()")
        time.sleep(0.5)  # each process of PostgreSQL takes the change over in its own time

    change("SET log_statement = 'all'")
    try:
        with open(stack.directory / "logs" / "postgresql.log", encoding="utf-8") as log:
            log.seek(0, 2)
            yield lambda: log.read().splitlines()
    finally:
        change("RESET log_statement")


def burst(bench, path, lines, sign):
    """The number of logged queries with this sign that a burst of requests for path has cost."""
    stack = bench.stack
    stack.clear_caches()
    lines()
    task = Load(bench.generator.write("burst", [load.request("GET", path)] * load.CONNECTIONS),
                once=True)
    outcome = bench.generator.run(stack, task, 10)
    if outcome.errors or outcome.requests != load.CONNECTIONS:
        raise BenchError(f"{path}: {outcome.errors} of {load.CONNECTIONS} requests failed")
    count = sum(sign in line for line in lines())
    if count == 0:
        raise BenchError(f"{path}: it was to be cold, but cost no query")
    return count


def bursts(bench):
    records, lists = [], []
    with statement_log(bench.stack) as lines:
        for number in range(BURSTS):
            path = http.product_path(number)
            records.append(burst(bench, path, lines, path.rpartition("/")[2]))
            lists.append(burst(bench, LIST, lines, LIST_CONDITION))
    progress(f"bursts: queries for a record {records}, for a list {lists}")
    row = Row("bursts", f"{load.CONNECTIONS} clients ask for one cold thing at once")
    row.figures = {
        "bursts": BURSTS,
        "workers": bench.stack.workers,
        "most_queries_record": max(records),
        "most_queries_list": max(lists),
    }
    return row
