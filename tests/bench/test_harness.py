"""The parts of the benchmark that need no server."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from harness import bounds, flame, load, machine, report
from harness.load import Generator, Load, Outcome
from harness.rounds import Measurement, Row
from harness.servers import BenchError
from rows import overload


def row_of(**rates):
    row = Row("item", "a row")
    for name, values in rates.items():
        row.runs[name.replace("_", "-")] = [
            Measurement(rate, 0, {"p50": 1, "p99": 2, "p99.9": 3}, {"app": 1 / rate}, 0)
            for rate in values
        ]
    return row


class FakeServer:
    name = "fake"
    port = 1


class Rows(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        row = row_of(larder=[100, 50, 10], loop=[100, 100, 100])
        self.assertEqual(row.ratios("larder", "loop"), [1, 0.5, 0.1])
        self.assertEqual(row.ratio("larder", "loop"), 0.5)
        self.assertIsNone(row.ratio("larder", "absent"))

    def test_the_best_peer_is_no_floor(self):
        row = row_of(larder=[9], loop=[8], php=[1], go_nginx=[2])
        self.assertEqual(bounds.best(row), "go-nginx")
        self.assertIsNone(bounds.best(row_of(larder=[9], loop=[8])))

    def test_bounds_judge_in_their_direction(self):
        found = bounds.check({"item": row_of(larder=[89], loop=[100])})
        verdicts = {bound.text: bound.is_met(value) for bound, value in found}
        self.assertEqual(verdicts, {
            "requests/s to the bare loop": False, "CPU to the bare loop": True,
        })

    def test_the_report_has_every_contender(self):
        row = row_of(larder=[100, 120], loop=[200, 100])
        for text in (report.rates(row), report.cpu(row)):
            self.assertIn("| larder ", text)
            self.assertIn("| loop ", text)
        self.assertIn("0.5 to 1.2", report.rates(row))


class LoadGenerator(unittest.TestCase):
    FOUND = {
        "requests": 10, "seconds": 2.0, "broken": 0, "refused": 0, "skipped": 0,
        "latency_us": {"p50": 1500}, "refusal_us": {"p50": 250},
    }

    def outcome(self, output, status=0, **changes):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            program = directory / "load"
            program.write_text(f"#!/bin/sh\necho '{output}'\nexit {status}\n")
            program.chmod(0o755)
            generator = Generator(program, directory)
            task = Load(generator.write("one", [b"x"]), **changes)
            return generator.run(FakeServer, task, 1)

    def test_a_wrong_status_is_an_error(self):
        outcome = self.outcome(json.dumps({
            **self.FOUND, "broken": 1, "refused": 2, "statuses": {"200": 10, "503": 3},
        }))
        self.assertEqual((outcome.errors, outcome.rate, outcome.latency), (4, 5, {"p50": 1.5}))

    def test_a_refusal_is_none_where_it_may_be_but_a_bare_503_is(self):
        outcome = self.outcome(json.dumps({
            **self.FOUND, "refused": 2, "statuses": {"200": 10, "503": 3},
        }), refusable=True)
        self.assertEqual((outcome.errors, outcome.refused), (1, 2))
        self.assertEqual(outcome.refusal_latency, {"p50": 0.25})

    def test_a_load_that_fails_ends_the_benchmark(self):
        with self.assertRaises(BenchError):
            self.outcome("", status=1)

    def test_the_requests_are_the_same_every_time(self):
        for name, (make, _) in load.TASKS.items():
            self.assertEqual(make(), make(), name)


class Overload(unittest.TestCase):
    def test_figures_are_shares_of_what_was_due(self):
        full = Outcome(1000, 1, 0, {"p99": 5})
        twice = Outcome(900, 1, 0, {"p99": 8}, 600, 500, {"p99": 1})
        found = overload.summarize([overload.Round(full, twice, full)] * 3)
        self.assertEqual((found["accepted_to_highest"], found["afterwards_to_highest"]), (0.9, 1))
        self.assertEqual((found["refused_share"], found["not_made_share"]), (0.3, 0.25))
        self.assertEqual((found["accepted_p99_ms"], found["refusal_p99_ms"]), (8, 1))


class Processes(unittest.TestCase):
    def test_the_tree_of_a_process_ends_with_its_children(self):
        own = os.getpid()
        everything = {1: machine.Process(0, 1, ""), own: machine.Process(1, 2, ""),
                      -5: machine.Process(own, 4, "")}
        self.assertEqual(sorted(machine.tree(own, everything)), sorted([own, -5]))

    def test_cpu_of_children_counts_to_their_root(self):
        self.assertGreaterEqual(machine.cpu_by_group({os.getpid(): "own"})["own"], 0)
        self.assertGreater(machine.memory(os.getpid())["rss"], 1)


class FlameGraph(unittest.TestCase):
    def test_stacks_are_counted_from_the_outside_in(self):
        root = flame.read_stacks("worker\n 1f read\n 2f main\n\nworker\n 3f <write>\n 2f main\n")
        main = root.callees["worker"].callees["main"]
        self.assertEqual((root.count, main.count, main.callees["read"].count), (2, 2, 1))
        self.assertIn("&lt;write&gt; (50.0%)", flame.to_svg(root, "title"))


if __name__ == "__main__":
    unittest.main()
