"""Rows that compare rates: requests per second and CPU time of contenders side by side."""

import functools
import json

from harness import http, load
from harness.load import Load
from harness.peers import DATABASE
from harness.rounds import Row, compete, http_contender, pgbench_contender
from harness.servers import BenchError
from harness.stack import Stack
from harness.stores import same_json

STORE_THREADS = 8  # of a worker, each with a connection to PostgreSQL: the default
MANY_CONNECTIONS = 4096


def contenders(bench, task, names, before=None):
    """before: called with the server before each of its runs."""
    return [
        http_contender(bench.generator, server, task,
                       before=before and functools.partial(before, server))
        for server in bench.servers(names)
    ]


def run(bench, row, found):
    return compete(row, found, bench.rounds, bench.seconds)


def check_same(bench, servers, path):
    """All servers must give the same; a second read must come from the cache."""
    expected = http.expect(bench.stack, 200, "GET", path).body
    for server in servers:
        http.expect(server, 200, "GET", path)
        answer = http.expect(server, 200, "GET", path)
        if not same_json(answer.body, expected):
            raise BenchError(f"{server.name}: {path} is {answer.body[:300]!r}")
        if answer.cache not in ("HIT", None):
            raise BenchError(f"{server.name}: {path} is not cached")


def check_updates(servers):
    """A read after an update must show it."""
    path = http.product_path(load.WRITTEN_PRODUCTS[0])
    for price in (17.25, 18.5):
        for server in servers:
            http.expect(server, 200, "PUT", path, {"price": price})
            body = http.expect(server, 200, "GET", path).body
            if json.loads(body)["price"] != price:
                raise BenchError(f"{server.name}: a read after an update shows {body!r}")


def warm(bench, servers, count):
    """Reads each of the first records once, so that they are cached."""
    everything = Load(bench.generator.write("every", load.every_record(count)), once=True)
    for server in servers:
        outcome = bench.generator.run(server, everything, 60)
        if outcome.errors or outcome.requests != count:
            raise BenchError(f"{server.name}: {outcome.errors} of {count} reads failed")


ITEM = ("larder", "base", "loop", "go", "go-nginx", "fastify", "fastify-nginx", "php",
        "flask")
DIRECT = ("larder", "base", "go", "fastify", "php", "flask")


def item(bench):
    servers = bench.servers(ITEM)
    for number in range(0, http.HOT_PRODUCTS, 97):
        check_same(bench, servers, http.product_path(number))
    warm(bench, servers, http.HOT_PRODUCTS)
    task = bench.generator.task("item")
    return run(bench, Row("item", "a cached record"), contenders(bench, task, ITEM))


def list_(bench):
    names = ("larder", "base", "loop", "go", "fastify", "php", "flask")
    check_same(bench, bench.servers(names), "/employees/high-salary")
    task = bench.generator.task("list")
    found = contenders(bench, task, names)
    for contender in found:
        if contender.name == "loop":
            contender.name = "nginx-key"
    return run(bench, Row("list", "a cached list of 100 records"), found)


def cold(bench):
    task = bench.generator.task("cold")
    found = contenders(bench, task, ("larder", "base"), before=Stack.clear_caches)
    found.append(pgbench_contender("pgbench", bench.stack, DATABASE, bench.script("select"),
                                   bench.stack.workers * STORE_THREADS))
    return run(bench, Row("cold", f"a record that is not cached, of {load.PRODUCTS:,}"), found)


def update(bench):
    check_updates(bench.servers(DIRECT))
    task = bench.generator.task("update")
    found = contenders(bench, task, DIRECT)
    found.append(pgbench_contender("pgbench", bench.stack, DATABASE, bench.script("update"),
                                   load.CONNECTIONS))
    return run(bench, Row("update", "a change of a record"), found)


def mix(bench):
    servers = bench.servers(DIRECT)
    check_updates(servers)
    warm(bench, servers, 10_000)
    task = bench.generator.task("mix")
    return run(bench, Row("mix", "75 % reads, 15 % updates, 5 % pages, 5 % new records"),
               contenders(bench, task, DIRECT))


def duplicate(bench):
    """Both contenders are Larder: a refused duplicate is compared with a cached record."""
    warm(bench, [bench.stack], http.HOT_PRODUCTS)
    found = [
        http_contender(bench.generator, bench.stack, bench.generator.task(name), name)
        for name in ("item", "duplicate")
    ]
    return run(bench, Row("duplicate", "an employee_id that is taken"), found)


def connections(bench):
    servers = bench.servers(("larder", "base", "loop"))
    warm(bench, servers, http.HOT_PRODUCTS)
    found = [
        http_contender(bench.generator, server, bench.generator.task("item", connections=count),
                       f"{server.name}-{count}")
        for server in servers
        for count in (load.CONNECTIONS, MANY_CONNECTIONS)
    ]
    return run(bench, Row("connections", "a cached record over many connections"), found)
