"""Twice as much as Larder can carry: what it answers, what it refuses, and how it is afterwards."""

import dataclasses
import time
from statistics import median

from harness import http
from harness.rounds import Row, progress
from harness.servers import BenchError
from rows.throughput import warm

MOST_ROUNDS = 3
FULL_CONNECTIONS = 1024  # as many as may wait in one worker (QUEUE_LIMIT): none is refused
# More than may be at work and wait in two workers, and fewer than nginx has connections for (two for
# a request, worker_connections 8192 in each of its processes).
OUTSTANDING = 7000
REST_SECONDS = 3

KINDS = ("item", "cold", "update")  # a worker's loop; its store threads; those and commits


@dataclasses.dataclass
class Round:
    """Outcomes of one round: at the highest rate, the same over as many connections as there are at
    twice that, at twice that, and at the highest again."""

    highest: object
    crowded: object
    twice: object
    afterwards: object


def ask(bench, kind, **changes):
    if kind == "cold":
        bench.stack.clear_caches()
    task = bench.generator.task(kind, **changes)
    outcome = bench.generator.run(bench.stack, task, bench.seconds)
    if outcome.errors:
        raise BenchError(f"overload: {outcome.errors} requests failed ({kind})")
    return outcome


def one_round(bench, kind):
    highest = ask(bench, kind, connections=FULL_CONNECTIONS)
    crowded = ask(bench, kind, connections=OUTSTANDING, refusable=True)
    time.sleep(REST_SECONDS)
    twice = ask(bench, kind, connections=OUTSTANDING, rate=round(2 * highest.rate),
                impatient=True, refusable=True)
    time.sleep(REST_SECONDS)
    return Round(highest, crowded, twice, ask(bench, kind, connections=FULL_CONNECTIONS))


def share(part, outcome):
    return part / (outcome.requests + outcome.refused + outcome.skipped)


def summarize(rounds):
    """Figures of one kind; the ratios are taken round by round."""
    def of(value):
        return median(value(one) for one in rounds)

    accepted = [one.twice.rate / one.highest.rate for one in rounds]
    found = {
        "highest_per_second": of(lambda one: one.highest.rate),
        "accepted_to_highest": median(accepted),
        "accepted_spread": [min(accepted), max(accepted)],
        "accepted_to_as_many_connections": of(lambda one: one.twice.rate / one.crowded.rate),
        "refused_share": of(lambda one: share(one.twice.refused, one.twice)),
        "not_made_share": of(lambda one: share(one.twice.skipped, one.twice)),
        "highest_p99_ms": of(lambda one: one.highest.latency["p99"]),
        "accepted_p99_ms": of(lambda one: one.twice.latency["p99"]),
        "afterwards_to_highest": of(lambda one: one.afterwards.rate / one.highest.rate),
    }
    if any(one.twice.refused for one in rounds):
        found["refusal_p99_ms"] = of(lambda one: one.twice.refusal_latency["p99"])
    return found


def overload(bench):
    """What the client has no connection left for is not made, as it would not be by clients that
    are as many: a load of twice the rate has no end otherwise."""
    warm(bench, [bench.stack], http.HOT_PRODUCTS)
    row = Row("overload", f"twice the highest rate, over {OUTSTANDING:,} connections")
    for kind in KINDS:
        rounds = []
        for number in range(min(bench.rounds, MOST_ROUNDS)):
            rounds.append(one_round(bench, kind))
            progress(f"overload, round {number + 1}: {kind}: {rounds[-1].twice.rate:.0f}/s of "
                     f"{rounds[-1].highest.rate:.0f}/s")
        row.figures |= {f"{kind}: {name}": value for name, value in summarize(rounds).items()}
    return row
