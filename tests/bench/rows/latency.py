"""Latency at a fixed rate, half of the highest, alone and beside heavy work."""

from statistics import median

from harness import http, load
from harness.load import Load
from harness.rounds import Row, compete, http_contender
from harness.servers import BenchError
from rows.streaming import MILLION, have_million
from rows.throughput import warm

UPDATES_PER_SECOND = 500


class Beside:
    """A contender's run, with another load going on meanwhile. The latter's errors count too."""

    def __init__(self, bench, contender, name, make_load):
        self._bench = bench
        self._inner = contender
        self._make_load = make_load
        self.name = name
        self.groups = contender.groups
        self.before = contender.before

    def run(self, seconds):
        other = self._make_load()
        process = self._bench.generator.start(self._bench.stack, other, seconds)
        outcome = self._inner.run(seconds)
        errors = self._bench.generator.finish(process, self._bench.stack, other).errors
        if errors:
            raise BenchError(f"{self.name}: {errors} requests of the other load failed")
        return outcome


def highest_rate(bench, task):
    """Of cached records: what the row `item` found, or else a measurement."""
    if "item" in bench.results:
        return median(bench.results["item"].values("larder", "rate"))
    return median(bench.generator.run(bench.stack, task, bench.seconds).rate for _ in range(3))


def stream(bench):
    """Lists of a million records, each with a limit of its own and so in no cache."""
    limits = [bench.next_limit(MILLION) for _ in range(100)]
    requests = [load.request("GET", f"/employees?limit={limit}") for limit in limits]
    return Load(bench.generator.write("stream", requests), connections=1)


def latency(bench):
    have_million(bench)
    servers = bench.servers(("larder", "base", "loop", "go"))
    warm(bench, servers, http.HOT_PRODUCTS)
    rate = round(highest_rate(bench, bench.generator.task("item")) / 2)
    fixed = bench.generator.task("item", rate=rate)
    found = [http_contender(bench.generator, server, fixed) for server in servers]
    alone = found[0]
    floors = [one for one in found if one.name == "loop"]
    updates = bench.generator.task("update", connections=16, rate=UPDATES_PER_SECOND)
    found += [
        Beside(bench, alone, "larder, a list streams", lambda: stream(bench)),
        Beside(bench, alone, f"larder, {UPDATES_PER_SECOND} updates/s", lambda: updates),
    ]
    # What the machine allows: the floor, while Larder has the same other load.
    for floor in floors:
        found += [
            Beside(bench, floor, "loop, a list streams", lambda: stream(bench)),
            Beside(bench, floor, f"loop, {UPDATES_PER_SECOND} updates/s", lambda: updates),
        ]
    row = Row("latency", f"a cached record at {rate} requests/s, half of the highest rate")
    compete(row, found, bench.rounds, bench.seconds)
    row.figures = {"rate": rate}
    return row
