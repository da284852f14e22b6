"""How cost grows with one quantity: a curve of points for each kind of request."""

import collections
import dataclasses
import math
from statistics import median

from harness.rounds import Measurement, Row, compete


@dataclasses.dataclass
class Point:
    """One position of a curve; contender: what is loaded there (its name is replaced)."""

    curve: str
    x: float
    contender: object


@dataclasses.dataclass
class Sweep:
    """curves: name of a curve -> x -> its measurements, one a round. figures: x -> name -> value;
    x is the text "" where there is no such quantity."""

    name: str
    title: str
    axis: str
    curves: dict = dataclasses.field(default_factory=dict)
    figures: dict = dataclasses.field(default_factory=dict)

    @property
    def errors(self):
        return sum(run.errors for curve in self.curves.values() for runs in curve.values()
                   for run in runs)

    def middle(self, curve, x, value):
        """The median over the rounds."""
        return median(value(run) for run in self.curves[curve][x])

    def measure(self, points, rounds, seconds):
        """Goes through all points, then again, so that drift of the machine hits all alike."""
        keys = {}
        for point in points:
            point.contender.name = f"{point.curve}, {point.x:,.0f} {self.axis}"
            keys[point.contender.name] = (point.curve, point.x)
        row = Row(self.name, self.title)
        compete(row, [point.contender for point in points], rounds, seconds)
        found = collections.defaultdict(dict)
        for name, runs in row.runs.items():
            curve, x = keys[name]
            found[curve][x] = runs
        self.curves = dict(found)
        return self


def thin(values, count):
    """So many of them, evenly spread, the first and the last among them; 0: all."""
    if not count or count >= len(values):
        return list(values)
    step = (len(values) - 1) / max(1, count - 1)
    return [values[math.floor(step * number + 0.5)] for number in range(count)]


def to_json(sweep):
    return dataclasses.asdict(sweep)


def from_json(found):
    """JSON has text for the numbers that were keys."""
    sweep = Sweep(**found)
    sweep.curves = {
        name: {float(x): [Measurement(**run) for run in runs] for x, runs in curve.items()}
        for name, curve in sweep.curves.items()
    }
    sweep.figures = {x and float(x): values for x, values in sweep.figures.items()}
    return sweep
