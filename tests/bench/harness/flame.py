"""A flame graph: how often each call stack was seen, as SVG."""

import collections
import re
import zlib
from xml.sax.saxutils import escape, quoteattr

WIDTH = 1600
LINE = 17
SMALLEST = 1.0  # pixels; what is narrower is left out
CHARACTER = 7.0


class Frame:
    """A function as called by those below it."""

    def __init__(self):
        self.count = 0
        self.callees = collections.defaultdict(Frame)

    def depth(self):
        return 1 + max((callee.depth() for callee in self.callees.values()), default=0)


def read_stacks(text):
    """The tree of what `perf script -F comm,ip,sym` prints: paragraphs, innermost call first."""
    root = Frame()
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        thread, *calls = paragraph.splitlines()
        names = [call.split(None, 1)[1] if len(call.split(None, 1)) > 1 else "?" for call in calls]
        frame = root
        frame.count += 1
        for name in (thread.strip(), *reversed(names)):
            frame = frame.callees[name]
            frame.count += 1
    return root


def color(name):
    shade = zlib.crc32(name.encode())
    return f"hsl({20 + shade % 35}, 75%, {58 + shade // 64 % 18}%)"


def draw(frame, name, x, level, scale, total, height, lines):
    width = frame.count * scale
    if width < SMALLEST:
        return
    y = height - (level + 1) * LINE
    label = f"{name} ({frame.count / total:.1%})"
    room = int((width - 6) / CHARACTER)
    lines.append(f"<g><title>{escape(label)}</title>"
                 f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE - 1}" '
                 f"fill={quoteattr(color(name))}/>")
    if room >= 3:
        text = name if len(name) <= room else name[: room - 1] + "…"
        lines.append(f'<text x="{x + 3:.1f}" y="{y + LINE - 5}">{escape(text)}</text>')
    lines.append("</g>")
    for callee, child in sorted(frame.callees.items()):
        draw(child, callee, x, level + 1, scale, total, height, lines)
        x += child.count * scale


def to_svg(root, title):
    height = (root.depth() + 2) * LINE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        'font-family="monospace" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="4" y="{LINE - 4}">{escape(title)}</text>',
    ]
    if root.count:
        draw(root, "all", 0, 0, WIDTH / root.count, root.count, height, lines)
    return "\n".join([*lines, "</svg>", ""])
