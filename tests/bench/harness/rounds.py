"""Contenders of a row, loaded in turn, round by round."""

import dataclasses
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from harness import machine
from harness.load import Load, Outcome
from harness.servers import BenchError, Server

WARM_UP_SECONDS = 0.3  # before each run
FIRST_WARM_UP_SECONDS = 3  # for what compiles as it runs


@dataclasses.dataclass
class Contender:
    """run: loads it for some seconds; before: brings it into the state to start from, uncounted."""

    name: str
    groups: Callable[[], dict]
    run: Callable[[float], Outcome]
    before: Callable[[], None] = lambda: None


@dataclasses.dataclass
class Measurement:
    """cpu: CPU seconds for 1,000 requests by group of processes; elsewhere: share of the machine
    that neither the contender nor the load took."""

    rate: float
    errors: int
    latency: dict
    cpu: dict
    elsewhere: float

    @property
    def total_cpu(self):
        return sum(self.cpu.values())


@dataclasses.dataclass
class Row:
    """What a row of the benchmark found. figures: further values by name, with the units in it."""

    name: str
    title: str
    runs: dict = dataclasses.field(default_factory=dict)
    figures: dict = dataclasses.field(default_factory=dict)

    @property
    def errors(self):
        return sum(run.errors for runs in self.runs.values() for run in runs)

    def values(self, name, member):
        return [getattr(run, member) for run in self.runs[name]]

    def ratios(self, name, other, member="rate"):
        """Round by round; empty if one of the two did not take part."""
        if name not in self.runs or other not in self.runs:
            return []
        pairs = zip(self.values(name, member), self.values(other, member))
        return [one / two for one, two in pairs if two]

    def ratio(self, name, other, member="rate"):
        found = self.ratios(name, other, member)
        return median(found) if found else None


def contender_name(server, title, share):
    """Of a contender whose load has this share of writes, in per cent."""
    return f"{server}: {title}, {share} % writes"


def http_contender(generator, server: Server, load: Load, name=None, before=None):
    def run(seconds):
        return generator.run(server, load, seconds)

    return Contender(name or server.name, server.groups, run, before or (lambda: None))


def pgbench_contender(name, stack, database, script, clients):
    """pgbench with a script of its own, statements prepared."""

    def run(seconds):
        command = [
            "pgbench", "-n", "-M", "prepared", "-f", str(script), "-c", str(clients), "-j", "2",
            "-T", str(max(1, round(seconds))), stack.database(database),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"pgbench: {done.stderr.strip()}")

        def figure(pattern):
            return float(re.search(pattern, done.stdout)[1])

        count = int(figure(r"transactions actually processed: (\d+)"))
        failed = int(figure(r"failed transactions: (\d+)"))
        latency = {"mean": figure(r"latency average = ([\d.]+) ms")}
        return Outcome(count, count / figure(r"tps = ([\d.]+)"), failed, latency)

    return Contender(name, stack.store_groups, run)


def measure(contender, seconds):
    contender.run(WARM_UP_SECONDS)
    contender.before()
    groups = contender.groups()
    began = time.monotonic()
    busy, own, used = machine.machine_cpu(), machine.own_cpu(), machine.cpu_by_group(groups)
    outcome = contender.run(seconds)
    used = {name: cpu - used[name] for name, cpu in machine.cpu_by_group(groups).items()}
    elsewhere = machine.machine_cpu() - busy - (machine.own_cpu() - own) - sum(used.values())
    available = (time.monotonic() - began) * os.cpu_count()
    requests = max(outcome.requests, 1)
    return Measurement(
        rate=outcome.rate,
        errors=outcome.errors,
        latency=outcome.latency,
        cpu={name: cpu / requests * 1000 for name, cpu in used.items()},
        elsewhere=max(0.0, elsewhere) / available,
    )


def compete(row, contenders, rounds, seconds):
    """Loads all in turn, each round beginning with another, so that drift hits all alike."""
    for contender in contenders:
        contender.run(min(FIRST_WARM_UP_SECONDS, seconds))
    row.runs = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        shift = number % len(contenders)
        for contender in contenders[shift:] + contenders[:shift]:
            run = measure(contender, seconds)
            row.runs[contender.name].append(run)
            progress(f"{row.name}, round {number + 1}: {contender.name}: {run.rate:.0f}/s")
    return row


def progress(text):
    print(text, file=sys.stderr, flush=True)
