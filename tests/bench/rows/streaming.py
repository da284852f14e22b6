"""The list of a million records: how soon it begins, how long it takes, what memory it needs."""

import socket
import subprocess
import time
from statistics import median

from harness import machine, stores
from harness.rounds import Row, progress
from harness.servers import BenchError

MILLION = 1_000_000
CHUNK = 1 << 20

# The statement of Larder's list.
COPY = """COPY (
    SELECT ('{"id":' || t.id
            || ',"name":' || COALESCE(to_json(t.name)::text, 'null')
            || ',"salary":' || COALESCE(to_json(t.salary)::text, 'null')
            || ',"department":' || COALESCE(to_json(t.department)::text, 'null')
            || ',"employee_id":' || COALESCE(to_json(t.employee_id)::text, 'null') || '}')
    FROM employees AS t ORDER BY t.id
) TO STDOUT"""


def have_million(bench):
    """Adds employees, none of them with a high salary, until there are a million."""
    stack = bench.stack
    count = int(stores.psql(stack.database(), "-c", "SELECT count(*) FROM employees"))
    if count >= MILLION:
        return
    progress(f"adding {MILLION - count:,} employees")
    stores.psql(stack.database(), "-c", f"""
        INSERT INTO employees (name, salary, department)
        SELECT 'Employee ' || n, 30000.25 + n % 60000, 'Department ' || chr(65 + n % 20)
        FROM generate_series(1, {MILLION - count}) AS n""")
    stores.psql(stack.database(), "-c", "VACUUM ANALYZE employees")
    stack.await_feed()


def fetch(port, path, look=lambda data: None):
    """Seconds to the first byte of the body and to the end."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(120)
        began = time.monotonic()
        # To HTTP/1.0 the body is sent as it is, to its end.
        text = f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"
        connection.sendall(text.encode())
        head = b""
        while b"\r\n\r\n" not in head[:-4]:
            data = connection.recv(CHUNK)
            if not data:
                raise BenchError(f"{path}: the answer broke off")
            head += data
        first = time.monotonic() - began
        if not head.startswith(b"HTTP/1.1 200 "):
            raise BenchError(f"{path}: {head[:60]!r}")
        look(head)
        while data := connection.recv(CHUNK):
            look(data)
        return first, time.monotonic() - began


def check_count(bench):
    begin = b'{"id":'
    found, rest = 0, b""

    def look(data):
        nonlocal found, rest
        text = rest + data
        found += text.count(begin)
        rest = text[1 - len(begin):]

    fetch(bench.stack.port, "/employees", look)
    if found != MILLION:
        raise BenchError(f"/employees has {found} records, not {MILLION}")


def time_copy(stack):
    began = time.monotonic()
    subprocess.run(["psql", "-Xq", stack.database(), "-c", COPY], stdout=subprocess.DEVNULL,
                   check=True)
    return time.monotonic() - began


def million(bench):
    have_million(bench)
    check_count(bench)
    stack = bench.stack
    firsts, totals, copies, peaks = [], [], [], []
    for number in range(bench.rounds):
        stack.clear_caches()
        for pid in stack.worker_pids:
            machine.reset_peak(pid)
        first, total = fetch(stack.port, "/employees")
        firsts.append(first)
        totals.append(total)
        peaks.append(max(machine.memory(pid)["peak"] for pid in stack.worker_pids))
        copies.append(time_copy(stack))
        progress(f"million, round {number + 1}: {total:.2f} s, COPY {copies[-1]:.2f} s")
    row = Row("million", "one list of 1,000,000 records")
    row.figures = {
        "first_byte_ms": median(firsts) * 1000,
        "seconds": median(totals),
        "copy_seconds": median(copies),
        "ratio_to_copy": median(total / copy for total, copy in zip(totals, copies)),
        "ratio_spread": [min(t / c for t, c in zip(totals, copies)),
                         max(t / c for t, c in zip(totals, copies))],
        "worker_peak_mib": max(peaks),
    }
    return row
