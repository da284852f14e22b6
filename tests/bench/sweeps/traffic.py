"""How cost grows with the number of clients and with the share of writes."""

import functools
import random

from harness import http, load
from harness.load import Load
from harness.rounds import http_contender
from harness.servers import BenchError
from harness.sweep import Point, Sweep, thin

CONNECTIONS = (1, 4, 16, 64, 256, 1024, 4096)
WRITES = (0, 1, 5, 10, 20, 35, 50)  # per cent
READ_AND_WRITTEN = 10_000
LIST = "/products?limit=100"
REQUESTS = 20_000


def warm(fleet, stack, numbers=range(http.HOT_PRODUCTS)):
    requests = [load.read(number) for number in numbers]
    task = Load(fleet.generator.write("warm", requests), once=True)
    outcome = fleet.generator.run(stack, task, 60)
    if outcome.errors or outcome.requests != len(numbers):
        raise BenchError(f"{stack.name}: {outcome.errors} of {len(numbers)} reads failed")


def contender(fleet, stack, task, before=None):
    return http_contender(fleet.generator, stack, task, before=before)


def connections(fleet, options):
    stack = fleet.stack()
    warm(fleet, stack)
    points = [
        Point(curve, count, contender(fleet, stack, fleet.generator.task(task, connections=count)))
        for count in thin(CONNECTIONS, options.points)
        for curve, task in (("cached record", "item"), ("cached list", "list"))
    ]
    sweep = Sweep("connections", "Clients that ask at the same time", "connections")
    return sweep.measure(points, options.rounds, options.seconds)


def mixed(share, read, numbers, seed):
    """share: of updates, in per cent."""
    dice = random.Random(seed)
    return [
        load.update(dice, numbers) if dice.random() * 100 < share else read(dice)
        for _ in range(REQUESTS)
    ]


def writes(fleet, options):
    stack = fleet.stack()
    numbers = range(min(READ_AND_WRITTEN, stack.products))
    curves = {
        "records": lambda dice: load.read(dice.choice(numbers)),
        "lists": lambda dice: load.request("GET", LIST),
    }
    points = []
    for share in thin(WRITES, options.points):
        for curve, read in curves.items():
            requests = mixed(share, read, numbers, seed=share)
            task = Load(fleet.generator.write(f"{curve}-{share}", requests))
            # What another point has changed is not cached.
            before = functools.partial(warm, fleet, stack, numbers)
            points.append(Point(curve, share, contender(fleet, stack, task, before)))
    sweep = Sweep("writes", "Updates among the requests", "% updates")
    return sweep.measure(points, options.rounds, options.seconds)
