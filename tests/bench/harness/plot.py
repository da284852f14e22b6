"""Plots of a sweep, drawn by gnuplot as SVG: requests/s, CPU time and latency, side by side."""

import re
import shutil
import subprocess
from statistics import median

from harness.servers import BenchError, Missing

WIDTH, HEIGHT = 1100, 360
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by the colour-blind too

PANELS = {
    "requests/s": lambda run: run.rate,
    "CPU ms per 1,000 requests": lambda run: run.total_cpu * 1000,
    "p99 in ms": lambda run: run.latency["p99"],
}


def data_block(name, curve, value):
    """x, median, least and most of the rounds."""
    lines = []
    for x, runs in sorted(curve.items()):
        values = [value(run) for run in runs]
        lines.append(f"{x:g} {median(values):.6g} {min(values):.6g} {max(values):.6g}")
    return "\n".join([f"${name} << EOD", *lines, "EOD"])


def panel(title, sweep, value, number):
    blocks, parts = [], []
    for index, (curve, points) in enumerate(sweep.curves.items()):
        name = f"panel{number}_{index}"
        blocks.append(data_block(name, points, value))
        style = f'lc rgb "{COLORS[index % len(COLORS)]}"'
        parts.append(f'${name} using 1:3:4 with filledcurves {style} fs transparent solid 0.15'
                     ' notitle')
        parts.append(f'${name} using 1:2 with linespoints {style} lw 2 pt 7 ps 0.5'
                     f' title "{curve}"')
    return "\n".join([*blocks, f'set title "{title}"', "plot " + ", \\\n    ".join(parts)])


def is_logarithmic(values):
    return min(values) > 0 and max(values) > 20 * min(values)


def script(sweep):
    """For gnuplot, with the data in it. The shade is the spread over the rounds."""
    xs = sorted({x for curve in sweep.curves.values() for x in curve})
    lines = [
        f'set terminal svg size {WIDTH},{HEIGHT} font "sans-serif,11" background "white"',
        f'set multiplot layout 1,{len(PANELS)} title "{sweep.title}"',
        f'set xlabel "{sweep.axis}"', "set grid lc rgb '#dddddd'", "set border 3",
        "set tics nomirror", "set key top left Left reverse", "set offsets 0, 0, graph 0.25, 0",
        "set format x '%.0f'",
    ]
    if is_logarithmic(xs):
        lines += ["set logscale x", "set format x '10^{%L}'"]
    for number, (title, value) in enumerate(PANELS.items()):
        values = [value(run) for curve in sweep.curves.values() for runs in curve.values()
                  for run in runs]
        lines.append("set logscale y" if is_logarithmic(values)
                     else "unset logscale y\nset yrange [0:*]")
        lines.append(panel(title, sweep, value, number))
        lines.append("unset key\nset yrange [*:*]")
    return "\n".join([*lines, "unset multiplot"]) + "\n"


def without_empty_groups(svg):
    """Of which gnuplot writes so many that they are half of the file."""
    count = 1
    while count:
        svg, count = re.subn(r"<g [^>]*>\s*</g>\s*", "", svg)
    return svg


def draw(sweep, path):
    gnuplot = shutil.which("gnuplot")
    if not gnuplot:
        raise Missing("gnuplot is not installed")
    done = subprocess.run([gnuplot], input=script(sweep), capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise BenchError(f"gnuplot: {done.stderr.strip()[-500:]}")
    path.write_text(without_empty_groups(done.stdout))
