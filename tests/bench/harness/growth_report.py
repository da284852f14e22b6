"""Tables of sweeps, and their places in a document: between `<!-- growth NAME -->` and
`<!-- /growth -->`."""

import json
import re
from statistics import median

from harness import machines
from harness.report import GROUPS, number, table
from harness.servers import BenchError
from harness.sweep import from_json, to_json

PLACE = re.compile(r"(<!-- growth ([a-z-]+) -->\n).*?(<!-- /growth -->)", re.DOTALL)


def counted(x):
    return f"{x:,.0f}"


def point_line(name, runs):
    def middle(value):
        return median(map(value, runs))

    return [
        name, f"{middle(lambda run: run.rate):.0f}",
        *(f"{middle(lambda run, key=key: run.latency[key]):.2f}" for key in ("p50", "p99")),
        f"{middle(lambda run: run.total_cpu) * 1000:.1f}",
        *(f"{middle(lambda run, group=group: run.cpu.get(group, 0)) * 1000:.1f}"
          for group in GROUPS),
    ]


def curve_table(sweep):
    lines = [point_line(f"{curve}, {counted(x)}", points[x])
             for curve, points in sweep.curves.items() for x in sorted(points)]
    return table([sweep.axis, "requests/s", "p50 ms", "p99 ms", "CPU ms", *GROUPS], lines)


def figure_table(sweep):
    if "" in sweep.figures:
        return table(["", "value"], [[name, number(value)] for name, value in
                                     sweep.figures[""].items()])
    heads = list(next(iter(sweep.figures.values())))
    return table([sweep.axis, *heads], [
        [counted(x), *(number(values[name]) for name in heads)]
        for x, values in sorted(sweep.figures.items())
    ])


def sweep_text(sweep):
    parts = []
    if sweep.curves:
        parts = [curve_table(sweep),
                 "CPU ms: CPU time of the servers for 1,000 requests, in all and by process."]
    if sweep.figures:
        parts.append(figure_table(sweep))
    return "\n\n".join(parts)


def blocks(sweeps, about, settings):
    """What goes into a document, by name."""
    found = {name: sweep_text(sweep) for name, sweep in sweeps.items()}
    found["machine"] = table(["", ""], list((about | settings).items()))
    found |= machines.blocks(sweeps)
    return found


def fill_in(text, found):
    """The document with its places filled in. A place for what was not measured is an error."""
    def replace(match):
        name = match[2]
        if name not in found:
            raise BenchError(f"there is nothing for the place `growth {name}`: measure all sweeps")
        return f"{match[1]}\n{found[name]}\n\n{match[3]}"

    if not PLACE.search(text):
        raise BenchError("the document has no place for what was measured")
    return PLACE.sub(replace, text)


def write_json(path, sweeps, about, settings):
    path.write_text(json.dumps({
        "about": about, "settings": settings,
        "sweeps": [to_json(sweep) for sweep in sweeps.values()],
    }, indent=1) + "\n")


def read_json(path):
    """sweeps, about, settings."""
    found = json.loads(path.read_text())
    sweeps = [from_json(sweep) for sweep in found["sweeps"]]
    return {sweep.name: sweep for sweep in sweeps}, found["about"], found["settings"]
