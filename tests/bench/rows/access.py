"""What it costs to ask for a token: the same reads with AUTH=on and off, side by side."""

from harness import http, load
from harness.bench import HERE
from harness.load import Load
from harness.rounds import Row, compete, http_contender
from harness.servers import BenchError

TITLES = ("record", "list")


def requests(title, headers):
    """Those of the rows `item` and `list`, with these headers."""
    made = load.items() if title == "record" else load.high_salary()
    head = "".join(f"{header}\r\n" for header in headers).encode()
    return [one.replace(b"Host: localhost\r\n", b"Host: localhost\r\n" + head, 1) for one in made]


def warm(bench, server, task):
    """Each request once, so that everything is cached and nginx knows the token."""
    once = Load(task.requests, once=True)
    for _ in range(3):
        outcome = bench.generator.run(server, once, 60)
        if outcome.errors:
            raise BenchError(f"{server.name}: {outcome.errors} of {outcome.requests} reads failed")


def auth(bench):
    guarded = bench.another_stack("larder-auth", AUTH="on")
    guarded.fill(HERE / "data.sql")
    token = guarded.script("token", "create", "--name", "bench", "--role", "admin").strip()
    if http.ask(guarded, "GET", "/employees/high-salary").status != 401:
        raise BenchError(f"{guarded.name}: a list needs no token")
    contenders = []
    for title in TITLES:
        for server, headers in ((bench.stack, ()), (guarded, (f"Authorization: Bearer {token}",))):
            task = Load(bench.generator.write(f"auth-{server.name}-{title}", requests(title, headers)))
            warm(bench, server, task)
            contenders.append(
                http_contender(bench.generator, server, task, f"{server.name}: {title}"))
    row = Row("auth", "cached reads with a token, against those with AUTH=off")
    return compete(row, contenders, bench.rounds, bench.seconds)
