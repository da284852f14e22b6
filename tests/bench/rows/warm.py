"""Lists that stay in nginx's cache while records of their collection are written."""

import random

from harness import http, load, stores
from harness.bench import HERE
from harness.rounds import Row, compete, contender_name, http_contender

CUSTOMERS = 1000
INVOICES = 20_000
WRITES = (0, 1, 5, 20)  # per cent
REQUESTS = 20_000


def customer(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def filtered_list(dice):
    return load.request("GET", f"/invoices?customer={customer(dice.randrange(1, CUSTOMERS + 1))}")


def invoice_update(dice):
    body = '{"total": %d.%02d}' % (dice.randrange(9000), dice.randrange(100))
    return load.request("PUT", f"/invoices/{dice.randrange(1, INVOICES + 1)}", body)


def employee_update(dice):
    """Of one who is not in /employees/high-salary, before as after; data.sql."""
    number = 10 * dice.randrange(100) + dice.randrange(1, 10)
    return load.request("PUT", f"/employees/{number}", '{"salary": %d}' % dice.randrange(30_000, 90_000))


# What is read, what is written, and at which shares of writes it is measured.
LISTS = {
    "of a customer": (filtered_list, invoice_update, WRITES),
    "high-salary": (lambda _: load.request("GET", "/employees/high-salary"), employee_update, (0, 5)),
    "all employees": (lambda _: load.request("GET", "/employees"), employee_update, (0, 5)),
}


def requests(read, write, share):
    dice = random.Random(6)
    return [write(dice) if dice.random() * 100 < share else read(dice) for _ in range(REQUESTS)]


def can_read(server, title):
    """A checkout from before there were filters refuses them."""
    read = LISTS[title][0](random.Random(7))
    path = read.split()[1].decode()
    return http.ask(server, "GET", path).status == 200


def warm(bench):
    servers = bench.servers(("larder", "base"))
    for server in servers:
        server.add_resources(HERE / "resources")
        stores.psql(server.database(), "-v", f"customers={CUSTOMERS}", "-v", f"invoices={INVOICES}",
                    "-f", str(HERE / "warm.sql"))
        server.await_feed()
    contenders = []
    for title, (read, write, shares) in LISTS.items():
        for share in shares:
            name = f"{title}-{share}".replace(" ", "-")
            task = load.Load(bench.generator.write(name, requests(read, write, share)))
            contenders += [
                http_contender(bench.generator, server, task, contender_name(server.name, title, share))
                for server in servers if can_read(server, title)
            ]
    row = Row("warm", "a cached list while records of its collection are written")
    return compete(row, contenders, bench.rounds, bench.seconds)
