"""What one neighbour stops, others must not notice: cached reads, other writes and /health meanwhile."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from statistics import median

from harness import http, load
from harness.load import Load
from harness.rounds import Row, progress
from harness.servers import BenchError
from rows.throughput import warm

READS_PER_SECOND = 2000
LOCKED = 50_000  # a product that no other load writes
WAITING_WRITES = 40
LISTS = 64
SLOW_CLIENTS = 500
SETTLING_SECONDS = 1


@contextlib.contextmanager
def nothing(_):
    yield


@contextlib.contextmanager
def transaction(bench, statement):
    """A session that has executed this, and does not end its transaction."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", bench.stack.database()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
        psql.stdin.write(f"BEGIN; {statement};\n\\echo locked\n")
        psql.stdin.flush()
        while "locked" not in (line := psql.stdout.readline()):
            if not line:
                raise BenchError(f"psql has ended: {statement}")
        yield
        psql.stdin.close()


@contextlib.contextmanager
def other_load(bench, name, requests, connections):
    """Clients that ask for these without a pause; how they fare is not looked at."""
    task = Load(bench.generator.write(name, requests), connections=connections)
    process = bench.generator.start(bench.stack, task, 10 * bench.seconds)
    try:
        yield
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def locked_row(bench):
    body = '{"price": 1.00, "stock_quantity": 1}'
    path = http.product_path(LOCKED)
    row = f"SELECT FROM products WHERE id = '{path.rpartition('/')[2]}' FOR UPDATE"
    with transaction(bench, row), other_load(bench, "locked", [load.request("PUT", path, body)],
                                             WAITING_WRITES):
        yield


@contextlib.contextmanager
def locked_table(bench):
    request = load.request("GET", "/employees/top2-by-department")
    with transaction(bench, "LOCK TABLE employees"), other_load(bench, "table", [request],
                                                                WAITING_WRITES):
        yield


def stopped(pid_of):
    """The server with this process id, and its children, stand still."""
    @contextlib.contextmanager
    def stop(bench):
        first = int(bench.stack.state[pid_of])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], check=False,
                                  capture_output=True, text=True).stdout.split()
        for pid in (first, *map(int, children)):
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in (first, *map(int, children)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    return stop


@contextlib.contextmanager
def long_lists(bench):
    requests = [load.request("GET", f"/products?limit={bench.next_limit(load.PRODUCTS)}")
                for _ in range(1000)]
    with other_load(bench, "lists", requests, LISTS):
        yield


@contextlib.contextmanager
def slow_clients(bench):
    """Clients that ask for a long list, and take nothing of it."""
    with contextlib.ExitStack() as open_ones:
        for _ in range(SLOW_CLIENTS):
            client = socket.socket()
            open_ones.enter_context(client)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", bench.stack.port))
            client.sendall(load.request("GET", f"/products?limit={load.PRODUCTS - 1}"))
        yield


def slow_sender(bench, number):
    """A connection of which every second one is in the middle of a head, the others in that of a body."""
    client = socket.create_connection(("127.0.0.1", bench.stack.port))
    if number % 2:
        client.sendall(load.request("GET", "/products")[:-2] + b"X-Slow: ")
    else:
        client.sendall(load.request("POST", "/items", '{"a": "' + "x" * 99_990 + '"}')[:200])
    return client


@contextlib.contextmanager
def slow_senders(bench):
    """Clients that send a byte a second, one after the other, and come again when they are sent away."""
    is_ending = threading.Event()

    def dribble():
        clients = [slow_sender(bench, number) for number in range(SLOW_CLIENTS)]
        while not is_ending.is_set():
            for number, client in enumerate(clients):
                time.sleep(1 / SLOW_CLIENTS)
                try:
                    client.sendall(b"x")
                except OSError:
                    client.close()
                    clients[number] = slow_sender(bench, number)
        for client in clients:
            client.close()

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        yield
    finally:
        is_ending.set()
        thread.join()


# What is done, and whether writes of others must go on meanwhile.
NEIGHBOURS = {
    "none": (nothing, True),
    "a row locked": (locked_row, True),
    "a table locked": (locked_table, True),
    "PostgreSQL stopped": (stopped("postgresql_pid"), False),
    "Redis stopped": (stopped("redis_pid"), True),
    f"{LISTS} long lists": (long_lists, True),
    f"{SLOW_CLIENTS} slow clients": (slow_clients, True),
    f"{SLOW_CLIENTS} slow senders": (slow_senders, True),
}


class Prober(threading.Thread):
    """Asks one thing ten times a second, and keeps how long each answer took, in milliseconds."""

    def __init__(self, server, method, path, value=None, good=None):
        super().__init__()
        self._ask = lambda: http.ask(server, method, path, value)
        self._good = good
        self._is_ending = threading.Event()
        self.times = []
        self.wrong = 0

    def run(self):
        while not self._is_ending.wait(0.1):
            begin = time.monotonic()
            status = self._ask().status
            self.times.append(1000 * (time.monotonic() - begin))
            self.wrong += self._good is not None and status != self._good

    def end(self):
        self._is_ending.set()
        self.join()


def beside(bench, name, reads):
    """Figures of one run with this neighbour."""
    disturb, others_write = NEIGHBOURS[name]
    probers = {"health": Prober(bench.stack, "GET", "/health")}
    if others_write:
        probers["write"] = Prober(bench.stack, "PUT", http.product_path(LOCKED + 1),
                                  {"stock_quantity": 2}, 200)
    with disturb(bench):
        time.sleep(SETTLING_SECONDS)
        for prober in probers.values():
            prober.start()
        outcome = bench.generator.run(bench.stack, reads, bench.seconds)
        for prober in probers.values():
            prober.end()
    wrong = outcome.errors + sum(prober.wrong for prober in probers.values())
    if wrong:
        raise BenchError(f"beside {name}: {wrong} answers were wrong")
    return {"read_p99_ms": outcome.latency["p99"]} | {
        f"{what}_longest_ms": max(prober.times) for what, prober in probers.items()}


def neighbours(bench):
    """Where Redis stands still, records come from PostgreSQL, so its reads are no cached ones."""
    row = Row("neighbours", f"{READS_PER_SECOND} cached reads/s, /health and a write of another row,"
                            " beside what stops a neighbour")
    reads = bench.generator.task("item", rate=READS_PER_SECOND)
    for name in NEIGHBOURS:
        found = []
        for number in range(bench.rounds):
            bench.stack.clear_caches()  # waits until they are in use again
            warm(bench, [bench.stack], http.HOT_PRODUCTS)
            found.append(beside(bench, name, reads))
            progress(f"neighbours, round {number + 1}: {name}: {found[-1]}")
        row.figures |= {f"{name}: {key}": median(one[key] for one in found) for key in found[0]}
    return row
