"""The parts of the benchmark that need no server."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from harness import bounds, flame, growth_report, load, machine, machines, plot, report, sweep
from harness.load import Generator, Load, Outcome
from harness.rounds import Measurement, Row
from harness.servers import BenchError
from harness.sweep import Sweep
from rows import overload
from sweeps import size, traffic


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
        "requests": 10, "seconds": 2.0, "broken": 0, "refused": 0, "late_refusals": 0, "skipped": 0,
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
            **self.FOUND, "refused": 1, "late_refusals": 1, "statuses": {"200": 10, "503": 3},
        }), refusable=True)
        self.assertEqual((outcome.errors, outcome.refused), (1, 1))
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
        crowded = Outcome(1200, 1, 0, {"p99": 6})
        found = overload.summarize([overload.Round(full, crowded, twice, full)] * 3)
        self.assertEqual(found["accepted_to_as_many_connections"], 0.75)
        self.assertEqual((found["accepted_to_highest"], found["afterwards_to_highest"]), (0.9, 1))
        self.assertEqual((found["refused_share"], found["not_made_share"]), (0.3, 0.25))
        self.assertEqual((found["accepted_p99_ms"], found["refusal_p99_ms"]), (8, 1))


def runs_of(*rates, **cpu):
    return [Measurement(rate, 0, {"p50": 1, "p99": 2, "p99.9": 3}, cpu, 0) for rate in rates]


class Growth(unittest.TestCase):
    def sweep(self, **figures):
        curve = {1: runs_of(30, 10, 20, app=0.001), 4096: runs_of(200, app=0.002)}
        return Sweep("connections", "Clients", "connections", {"cached record": curve}, figures)

    def test_points_are_thinned_to_the_ends_and_evenly(self):
        self.assertEqual(sweep.thin((1, 2, 3, 4, 5), 0), [1, 2, 3, 4, 5])
        self.assertEqual(sweep.thin((1, 2, 3, 4, 5), 3), [1, 3, 5])
        self.assertEqual(sweep.thin((1, 2, 3, 4, 5), 2), [1, 5])
        self.assertEqual(sweep.thin((1, 2), 9), [1, 2])

    def test_json_keeps_a_sweep(self):
        before = self.sweep()
        before.figures = {"": {"value": 1}, 10: {"value": 2}}
        self.assertEqual(sweep.from_json(json.loads(json.dumps(sweep.to_json(before)))), before)

    def test_tables_have_medians_of_every_point(self):
        text = growth_report.sweep_text(self.sweep())
        self.assertRegex(text, r"cached record, 1 +\| +20 \|")
        self.assertRegex(text, r"cached record, 4,096 +\| +200 \| +1.00 \| +2.00 \| +2.0 \|")

    def test_a_plot_has_every_point_and_the_spread(self):
        script = plot.script(self.sweep())
        self.assertIn("1 20 10 30\n4096 200 200 200\n", script)
        self.assertIn("set logscale x", script)

    def test_gnuplot_leaves_empty_groups(self):
        self.assertEqual(plot.without_empty_groups('<g a="1"><g b="2">\n</g>\n</g><g c="3">x</g>'),
                         '<g c="3">x</g>')

    def test_a_document_is_filled_in_its_places_only(self):
        text = "a\n<!-- growth one -->\nold\n<!-- /growth -->\nb\n"
        filled = growth_report.fill_in(text, {"one": "new"})
        self.assertEqual(filled, "a\n<!-- growth one -->\n\nnew\n\n<!-- /growth -->\nb\n")
        self.assertEqual(growth_report.fill_in(filled, {"one": "new"}), filled)
        for document in (text.replace("one", "two"), "no place"):
            with self.assertRaises(BenchError):
                growth_report.fill_in(document, {"one": "new"})

    def test_laps_are_one_outcome(self):
        laps = [Outcome(10, 1, 0, {"p50": 1}), Outcome(30, 1, 2, {"p50": 3})]
        self.assertEqual(size.together(laps), Outcome(40, 2, 2, {"p50": 2}))

    def test_texts_of_items_have_their_size(self):
        self.assertEqual(len(size.item_text(1000, 1)), 1000 - size.ITEM_FRAME)
        self.assertNotEqual(size.item_text(1000, 1), size.item_text(1000, 2))

    def test_the_share_of_updates_is_what_was_asked_for(self):
        requests = traffic.mixed(20, lambda dice: b"read", range(10), seed=1)
        share = sum(one != b"read" for one in requests) / len(requests)
        self.assertAlmostEqual(share, 0.2, delta=0.02)


class Machines(unittest.TestCase):
    FEEDS = {"walsender": {"this host": 5, "another host": 10},
             "larder-feed": {"this host": 1, "another host": 40}}

    def test_redis_is_one_core_however_many_hosts_there_are(self):
        read = {"nginx": 12, "app": 8, "redis": 4}
        self.assertEqual(machines.first_to_give(machines.read_limits(1, read)), (100_000, "hosts"))
        self.assertEqual(machines.first_to_give(machines.read_limits(10, read)), (250_000, "Redis"))

    def test_every_host_takes_its_part_of_the_primary(self):
        update = {"nginx": 20, "app": 30, "redis": 10, "postgres": 75}
        limits, share = machines.update_rate(1, update, self.FEEDS)
        self.assertEqual((limits["primary"], share), (400_000, 5 / 80))
        limits, share = machines.update_rate(3, update, self.FEEDS)
        self.assertEqual((limits["primary"], share), (320_000, 0.25))
        self.assertAlmostEqual(limits["hosts"], 3 * 2e6 / (20 + 30 + 3 * 40))
        self.assertEqual(machines.first_to_give(limits), (25_000, "feed"))

    def test_what_costs_nothing_measurable_is_no_limit(self):
        self.assertEqual(machines.least(None, 3), 3)
        self.assertIsNone(machines.per_second(1, 0))


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
