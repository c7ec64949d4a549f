"""A plot of lines on two logarithmic axes, as SVG."""

import math
from collections.abc import Sequence
from html import escape

from trunkline.dev.bench.scale.model import Line

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 20, 44
_COLOURS = ("#0f62fe", "#198038", "#da1e28", "#8a3ffc", "#b28600")
_STEPS = 60


def plot(lines: Sequence[Line], until: float, mark: float, called: str) -> str:
    """Each line with its measured points, as far as `until` objects, and its value at `mark`, which a line shows."""
    first = min(x for line in lines for x, _ in line.points if x > 0)
    values = [
        y for line in lines for y in (line.at(first), line.at(until), *(value for _, value in line.points)) if y > 0
    ]
    axes = _Axes(first, until, min(values), max(values))
    body = [*axes.grid(), _line(axes.x(mark), _TOP, axes.x(mark), _HEIGHT - _BOTTOM, "#6f6f6f", dashed=True)]
    body.append(_text(axes.x(mark) - 4, _TOP + 10, called, "end"))
    ends = sorted(range(len(lines)), key=lambda number: -lines[number].at(until))
    heights: list[float] = []
    for number in ends:
        line, colour = lines[number], _COLOURS[number % len(_COLOURS)]
        at = [first * (until / first) ** (step / _STEPS) for step in range(_STEPS + 1)]
        way = " ".join(f"{axes.x(x):.1f},{axes.y(line.at(x)):.1f}" for x in at)
        body.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="5 4"/>')
        body += [
            f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" r="4" fill="{colour}"/>'
            for x, y in line.points
            if x > 0
        ]
        # Names of lines that end close to each other stand below each other.
        heights.append(max(axes.y(line.at(until)) + 4, heights[-1] + 15 if heights else 0))
        body.append(_text(axes.x(until) + 8, heights[-1], f"{line.name}: {_seconds(line.at(mark))}", "start", colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 100 else f"{value:.2g} s"


class _Axes:
    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self._left, self._right = math.log10(left), math.log10(right)
        self._low, self._high = math.floor(math.log10(low)), math.ceil(math.log10(high))

    def x(self, value: float) -> float:
        share = (math.log10(value) - self._left) / (self._right - self._left)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (math.log10(max(value, 10**self._low)) - self._low) / max(1, self._high - self._low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def grid(self) -> list[str]:
        found = []
        for power in range(self._low, self._high + 1):
            found.append(_line(_LEFT, self.y(10.0**power), _WIDTH - _RIGHT, self.y(10.0**power), "#e0e0e0"))
            found.append(_text(_LEFT - 8, self.y(10.0**power) + 4, f"{10.0**power:g} s", "end"))
        for power in range(math.ceil(self._left), math.floor(self._right) + 1):
            found.append(_line(self.x(10.0**power), _TOP, self.x(10.0**power), _HEIGHT - _BOTTOM, "#e0e0e0"))
            found.append(_text(self.x(10.0**power), _HEIGHT - _BOTTOM + 18, f"{10**power:,}", "middle"))
        found.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "nodes and circuits in NetBox", "middle"))
        return found


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dash}/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#393939") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
