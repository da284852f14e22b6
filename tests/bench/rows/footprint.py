"""What Larder needs in memory, and how soon it is there."""

import os
import socket
import struct
import subprocess
import time
from statistics import median

from harness import http, machine
from harness.rounds import Row, progress
from harness.servers import BenchError, listen

BEGIN, PARAMS, STDIN = 1, 4, 5  # FastCGI's types of records


def worker_memory(stack, kind):
    """Of the worker that has most."""
    return max(machine.memory(pid)[kind] for pid in stack.worker_pids)


def memory(bench):
    """At rest, then under the mix: half of the time is for it to settle."""
    stack = bench.stack
    stack.script("restart-workers")
    stack.refresh()
    for number in range(20):
        http.expect(stack, 200, "GET", http.product_path(number))
    row = Row("memory", f"memory of a worker, at rest and under {bench.memory_seconds:g} s of mix")
    row.figures = {"rest_mib": worker_memory(stack, "rss"),
                   "rest_private_mib": worker_memory(stack, "private")}
    task = bench.generator.task("mix")
    for key in ("half_mib", "end_mib"):
        outcome = bench.generator.run(stack, task, bench.memory_seconds / 2)
        if outcome.errors:
            raise BenchError(f"memory: {outcome.errors} requests of the mix failed")
        row.figures[key] = worker_memory(stack, "rss")
        progress(f"memory: {row.figures[key]:.1f} MiB")
    row.figures["end_private_mib"] = worker_memory(stack, "private")
    return row


def fastcgi_request(path):
    def record(kind, content):
        return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content

    parameters = b"".join(
        struct.pack("BB", len(name), len(value)) + name + value
        for name, value in ((b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", path.encode()))
    )
    begin = struct.pack("!HB5x", 1, 0)  # a responder that closes the connection
    return b"".join([record(BEGIN, begin), record(PARAMS, parameters), record(PARAMS, b""),
                     record(STDIN, b"")])


def time_worker(bench):
    """Seconds from the start of one more worker to its first answer, a record."""
    stack = bench.stack
    path = bench.directory / "worker.socket"
    environment = stack.environment | {
        "DATABASE_URL": stack.state["database_url"],
        "REDIS_URL": stack.state["redis_url"],
        "RUN_DIR": stack.run_directory,
        "RESOURCES_DIR": str(stack.directory / "resources"),
    }
    with listen(path, bench.account) as listener, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(fastcgi_request(http.product_path(0)))
        began = time.monotonic()
        worker = subprocess.Popen(
            [os.path.realpath(stack.directory / "bin" / "larder-worker")], stdin=listener,
            env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **bench.account.arguments())
        try:
            answer = client.recv(4096)
            seconds = time.monotonic() - began
        finally:
            worker.terminate()
            worker.wait()
    path.unlink()
    if b'"stock_quantity"' not in answer:
        raise BenchError(f"the new worker answered {answer[:200]!r}")
    return seconds


def time_make_up(bench):
    """Seconds for `make up` on data that is there."""
    stack = bench.stack
    stack.down()
    began = time.monotonic()
    done = subprocess.run(["make", "-s", "-C", stack.root, "up"], env=stack.environment,
                          capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise BenchError(f"make up: {done.stderr or done.stdout}")
    stack.refresh()
    http.expect(stack, 200, "GET", http.product_path(0))
    return seconds


def start(bench):
    http.expect(bench.stack, 200, "GET", http.product_path(0))
    workers = [time_worker(bench) for _ in range(bench.rounds)]
    progress("start: a worker after " + ", ".join(f"{1000 * one:.0f}" for one in workers) + " ms")
    time_make_up(bench)  # the first one may have to configure the build for it
    stacks = [time_make_up(bench) for _ in range(min(bench.rounds, 3))]
    progress("start: make up in " + ", ".join(f"{one:.1f}" for one in stacks) + " s")
    row = Row("start", "a new worker's first answer; make up on existing data")
    row.figures = {"worker_ms": median(workers) * 1000, "worker_ms_most": max(workers) * 1000,
                   "make_up_seconds": median(stacks)}
    return row
