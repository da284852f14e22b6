"""How cost grows with the number of records and with their size."""

import functools
import json
import random
from statistics import median

from harness import http, load, machine, stores
from harness.load import Load, Outcome
from harness.rounds import Contender
from harness.servers import BenchError
from harness.sweep import Point, Sweep, thin
from sweeps.traffic import REQUESTS, contender, warm

PRODUCTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
COLD_PER_SECOND = 20_000  # more than are read in a second, so that none is read twice
COLD_AT_LEAST = 2_000  # a second, so that CPU time can be told from the kernel's ticks
RECORD_BYTES = (100, 300, 1_000, 3_000, 10_000, 30_000, 102_400)
ITEMS = 200  # of each size
ITEM_ID = "00000000-0000-4000-8001-{:012d}"
ITEM_FRAME = 62  # bytes of an item beside its text
MOST_BYTES = 32_000_000  # of a file of requests


def record_bytes(stack, record):
    """What Redis needs for a record that is cached, its key included."""
    redis = stores.Redis(stack.redis_socket)
    try:
        for key in redis.command("KEYS", f"*{record}"):
            if size := redis.command("MEMORY", "USAGE", key):
                return size
    finally:
        redis.close()
    raise BenchError(f"{record} is not cached")


def cached(fleet, stack):
    """The records that are read most, all of them cached."""
    before = functools.partial(warm, fleet, stack)
    return contender(fleet, stack, fleet.generator.task("item"), before)


def every_cold(fleet, stack, seconds):
    """Each record once, in no order. A small table is read several times, with no cache between."""
    count = min(stack.products, round(COLD_PER_SECOND * seconds))
    numbers = random.Random(6).sample(range(stack.products), count)
    name = f"cold-{stack.name}"
    task = Load(fleet.generator.write(name, map(load.read, numbers)), once=True)

    def run(limit):
        laps = [fleet.generator.run(stack, task, limit)]
        while sum(lap.requests for lap in laps) < COLD_AT_LEAST * limit:
            stack.clear_caches()
            laps.append(fleet.generator.run(stack, task, limit))
        return together(laps)

    return Contender("", stack.groups, run, stack.clear_caches)


def together(laps):
    """One outcome of several that followed each other."""
    return Outcome(
        sum(lap.requests for lap in laps), sum(lap.seconds for lap in laps),
        sum(lap.errors for lap in laps),
        {name: median(lap.latency[name] for lap in laps) for name in laps[0].latency})


def lists(fleet, stack):
    """nginx goes past its cache for such a request."""
    requests = [load.request("GET", "/products?limit=100", headers=["Cache-Control: no-cache"])]
    return contender(fleet, stack, Load(fleet.generator.write("uncached-list", requests)))


def updates(fleet, stack):
    dice = random.Random(8)
    numbers = range(stack.products)
    requests = [load.update(dice, numbers) for _ in range(REQUESTS)]
    return contender(fleet, stack, Load(fleet.generator.write(f"updates-{stack.name}", requests)))


def products(fleet, options):
    sizes = [size for size in PRODUCTS if size <= options.up_to]
    points, stacks = [], {}
    for size in thin(sizes, options.points):
        stack = stacks[size] = fleet.stack(products=size)
        points += [
            Point("cached record", size, cached(fleet, stack)),
            Point("cold record", size, every_cold(fleet, stack, options.seconds)),
            Point("uncached list of 100", size, lists(fleet, stack)),
            Point("update", size, updates(fleet, stack)),
        ]
    sweep = Sweep("products", "Products in the table", "products")
    sweep.measure(points, options.rounds, options.seconds)
    for size, stack in stacks.items():
        sweep.figures[size] = product_figures(fleet, stack)
    return sweep


def product_figures(fleet, stack):
    warm(fleet, stack)
    table = int(stores.psql(stack.database(), "-c", "SELECT pg_total_relation_size('products')"))
    record = http.product_path(0).rpartition("/")[2]
    return {
        "bytes of a product in PostgreSQL": table / stack.products,
        "bytes of a product in Redis": record_bytes(stack, record),
        "MiB of a worker": max(machine.memory(pid)["rss"] for pid in stack.worker_pids),
    }


def item_text(size, number):
    """Text that does not compress."""
    return random.Random(number).randbytes(size // 2 + 1).hex()[: size - ITEM_FRAME]


def item_ids(index):
    return [ITEM_ID.format(index * ITEMS + number) for number in range(ITEMS)]


def add_items(stack, index, size):
    """Those that are there already stay."""
    values = ",\n".join(
        f"('{item}', '{json.dumps({'text': item_text(size, number)})}')"
        for number, item in enumerate(item_ids(index))
    )
    stores.psql(stack.database(), text=f"INSERT INTO items (id, data) VALUES {values}"
                                       " ON CONFLICT DO NOTHING;")


def item_points(fleet, stack, index, size):
    ids = item_ids(index)
    reads = [load.request("GET", f"/items/{item}") for item in ids]
    changes = [
        load.request("PUT", f"/items/{item}", json.dumps({"text": item_text(size, -number - 1)}))
        for number, item in enumerate(ids[: max(20, MOST_BYTES // size)])
    ]
    for curve, requests in (("cached record", reads), ("update", changes)):
        task = Load(fleet.generator.write(f"{curve}-{size}", requests))
        yield Point(curve, size, contender(fleet, stack, task))


def records(fleet, options):
    """Items, for they may have any size."""
    stack = fleet.stack()
    points = []
    sizes = thin(RECORD_BYTES, options.points)
    for size in sizes:
        add_items(stack, RECORD_BYTES.index(size), size)
    stack.await_feed()
    for size in sizes:
        points += item_points(fleet, stack, RECORD_BYTES.index(size), size)
    sweep = Sweep("records", "Size of a record", "bytes")
    sweep.measure(points, options.rounds, options.seconds)
    for size in sizes:
        item = item_ids(RECORD_BYTES.index(size))[0]
        http.expect(stack, 200, "GET", f"/items/{item}")
        http.expect(stack, 200, "GET", f"/items/{item}")
        sweep.figures[size] = {"bytes of it in Redis": record_bytes(stack, item)}
    return sweep
