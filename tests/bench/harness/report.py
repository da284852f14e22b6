"""The report: tables for people, JSON for programs."""

import dataclasses
import json
from statistics import median

from harness import bounds

GROUPS = ("nginx", "app", "feed", "redis", "postgres")


def table(heads, rows):
    """Markdown that is also readable as it is."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *rows)]

    def line(cells):
        padded = [cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(map(line, (heads, rule, *rows)))


def number(value, digits=3):
    """With so many significant digits, but all those before the point."""
    if isinstance(value, list):
        return " to ".join(number(one, digits) for one in value)
    if value == 0 or float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"


def spread(values):
    return f"{number(min(values))} to {number(max(values))}"


def rates(row):
    """Of each contender, with the ratio of the first one to it."""
    first = next(iter(row.runs))
    lines = []
    for name, runs in row.runs.items():
        ratios = row.ratios(first, name)
        latency = [
            f"{median(run.latency[key] for run in runs):.2f}" if key in runs[0].latency else ""
            for key in ("p50", "p99", "p99.9")
        ]
        lines.append([
            name, f"{median(row.values(name, 'rate')):.0f}", number(median(ratios)),
            spread(ratios), *latency, sum(row.values(name, "errors")),
        ])
    heads = ["", "requests/s", f"{first} to it", "min to max", "p50 ms", "p99 ms", "p99.9 ms",
             "errors"]
    return table(heads, lines)


def cpu(row):
    first = next(iter(row.runs))
    lines = []
    for name, runs in row.runs.items():
        ratios = row.ratios(first, name, "total_cpu")
        parts = [
            f"{1000 * median(run.cpu.get(group, 0) for run in runs):.1f}" for group in GROUPS
        ]
        lines.append([
            name, f"{1000 * median(run.total_cpu for run in runs):.1f}",
            number(median(ratios)) if ratios else "", spread(ratios) if ratios else "", *parts,
            f"{median(run.elsewhere for run in runs):.0%}",
        ])
    heads = ["CPU ms per 1,000 requests", "total", f"{first} to it", "min to max", *GROUPS,
             "elsewhere"]
    return table(heads, lines)


def figures(row):
    return table(["", "value"], [[name, number(value)] for name, value in row.figures.items()])


def bound_table(rows):
    lines = []
    for bound, value in bounds.check(rows):
        sign = "at most" if bound.at_most else "at least"
        verdict = "yes" if bound.is_met(value) else "NO"
        lines.append([f"{bound.row}: {bound.text}", f"{sign} {bound.limit:g}", number(value),
                      verdict])
    return table(["bound", "asked", "found", "met"], lines)


def print_report(rows, about, settings):
    for row in rows.values():
        print(f"\n## {row.name}: {row.title}\n")
        for part in ([rates, cpu] if row.runs else []) + ([figures] if row.figures else []):
            print(part(row) + "\n")
    print(f"## Bounds\n\n{bound_table(rows)}\n")
    print("## Machine and versions\n")
    print(table(["", ""], list((about | settings).items())))


def write_json(path, rows, about, settings):
    found = [
        {"row": bound.row, "text": bound.text, "limit": bound.limit, "at_most": bound.at_most,
         "value": value, "met": bound.is_met(value)}
        for bound, value in bounds.check(rows)
    ]
    path.write_text(json.dumps({
        "about": about,
        "settings": settings,
        "rows": {name: dataclasses.asdict(row) for name, row in rows.items()},
        "bounds": found,
    }, indent=1) + "\n")
