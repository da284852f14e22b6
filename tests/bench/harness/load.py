"""What is asked of a server, and larder-load, which asks it."""

import dataclasses
import json
import random
import subprocess
from pathlib import Path

from harness import http
from harness.servers import BenchError

CONNECTIONS = 64
PRODUCTS = 100_000
WRITTEN_PRODUCTS = range(http.HOT_PRODUCTS, 10_000)


@dataclasses.dataclass(frozen=True)
class Load:
    """Requests in a file, and how they are asked. rate: requests per second, 0: as fast as answers
    come; once: each request once; impatient: at a fixed rate, what is due while all connections
    wait is skipped; expected: the statuses that are right; refusable: so is 503 with
    Retry-After."""

    requests: Path
    connections: int = CONNECTIONS
    rate: float = 0
    once: bool = False
    impatient: bool = False
    expected: frozenset = frozenset({200})
    refusable: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one run gave. requests: those that were answered, refusals left out; latency: theirs, in
    milliseconds; errors: wrong statuses and requests that broke; skipped: requests that were due
    but not made; refusal_latency: in milliseconds."""

    requests: int
    seconds: float
    errors: int
    latency: dict
    refused: int = 0
    skipped: int = 0
    refusal_latency: dict = dataclasses.field(default_factory=dict)

    @property
    def rate(self):
        return self.requests / self.seconds


class Generator:
    """Runs larder-load. Request files are written to directory."""

    def __init__(self, program, directory):
        self._program = program
        self._directory = directory

    def write(self, name, requests):
        path = self._directory / f"{name}.requests"
        with open(path, "wb") as file:
            for request in requests:
                file.write(b"%d\n%s" % (len(request), request))
        return path

    def task(self, name, **changes):
        """The load that TASKS has under this name."""
        path = self._directory / f"{name}.requests"
        make, options = TASKS[name]
        if not path.exists():
            self.write(name, make())
        return Load(path, **(options | changes))

    def start(self, server, load, seconds):
        command = [
            self._program, "--port", str(server.port), "--requests", load.requests,
            "--connections", str(load.connections), "--seconds", str(seconds),
            "--rate", str(load.rate), *(["--once"] if load.once else []),
            *(["--impatient"] if load.impatient else []),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process, server, load):
        output, problem = process.communicate()
        if process.returncode != 0:
            raise BenchError(f"{server.name}: {problem.strip()}")
        found = json.loads(output)
        wrong = sum(
            count for status, count in found["statuses"].items() if int(status) not in load.expected
        )
        if load.refusable:
            wrong -= found["refused"] + found["late_refusals"]
        latency, refusal = (
            {name: value / 1000 for name, value in found[key].items()}
            for key in ("latency_us", "refusal_us")
        )
        return Outcome(found["requests"], found["seconds"], found["broken"] + wrong, latency,
                       found["refused"], found["skipped"], refusal)

    def run(self, server, load, seconds):
        return self.finish(self.start(server, load, seconds), server, load)


def request(method, path, body=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


def read(number):
    return request("GET", http.product_path(number))


def update(dice, numbers=WRITTEN_PRODUCTS):
    body = '{"price": %d.%02d, "stock_quantity": %d}' % (
        dice.randrange(900), dice.randrange(100), dice.randrange(1000))
    return request("PUT", http.product_path(dice.choice(numbers)), body)


def create():
    return request("POST", "/products", json.dumps({
        "name": "New product", "description": "Created by the benchmark.", "price": 12.5,
        "stock_quantity": 7,
    }))


def items(count=20_000):
    """Records that are cached: one of a thousand."""
    dice = random.Random(1)
    return [read(dice.randrange(http.HOT_PRODUCTS)) for _ in range(count)]


def updates(count=20_000):
    dice = random.Random(2)
    return [update(dice) for _ in range(count)]


def every_record(count=PRODUCTS):
    """Each of the first records once, in no order."""
    numbers = list(range(count))
    random.Random(3).shuffle(numbers)
    return [read(number) for number in numbers]


def mix(count=50_000):
    """75 % reads of one of 10,000 records, 15 % updates, 5 % of a page, 5 % new records."""
    dice = random.Random(4)
    page, new = request("GET", "/products?limit=10"), create()

    def one():
        side = dice.random()
        if side < 0.75:
            return read(dice.randrange(10_000))
        if side < 0.90:
            return update(dice)
        return page if side < 0.95 else new

    return [one() for _ in range(count)]


def duplicates(count=20_000):
    """New employees whose employee_id is taken."""
    dice = random.Random(5)
    return [
        request("POST", "/employees", json.dumps({
            "name": "Ada", "salary": 1, "department": "R&D",
            "employee_id": f"E-{dice.randrange(1, 1001)}",
        }))
        for _ in range(count)
    ]


def high_salary():
    return [request("GET", "/employees/high-salary")]


# What makes the requests of a row, and how its Load differs from others.
TASKS = {
    "item": (items, {}),
    "list": (high_salary, {}),
    "cold": (every_record, {"once": True}),
    "update": (updates, {}),
    "mix": (mix, {"expected": frozenset({200, 201})}),
    "duplicate": (duplicates, {"expected": frozenset({409})}),
}
