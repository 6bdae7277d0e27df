"""The pictures of claims: SVG of a few numbers, in the colours of the table, which follow the theme.

Each begins with its title and is as high as it has rows. What it says to those who do not see it is
its title and the texts at its marks.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Place = Callable[[float], float]
"""Where a value lies across a picture."""

WIDTH: Final = 320
HATCH: Final = (
    '<svg class="lab-hatch" width="0" height="0" aria-hidden="true"><defs><pattern id="lab-hatch" '
    'width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0V7" /></pattern></defs></svg>'
)
"""What pictures fill failures with; once a page."""
_TOP: Final = 34
# For numbers at the ends of marks, and for labels before whiskers.
_ROOM: Final = 90
_LABELS: Final = 64


@dataclass(frozen=True)
class Mark:
    """A row of a picture.

    Attributes
    ----------
    label
        What it is.
    value
        Its length; infinite or NaN is drawn as a failure.
    said
        The number as it is read.
    colour
        The quantity in the table of colours.
    width
        Half of an interval around the value.
    more
        A second value that begins where the first ends, and its quantity.
    dashed
        Whether something is held, or exact.
    """

    label: str
    value: float
    said: str
    colour: str = "logits"
    width: float = 0.0
    more: tuple[float, str] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Reference:
    """A dashed line across a picture, and what it stands for."""

    value: float
    label: str


def bars(
    title: str, marks: Sequence[Mark], *, log: bool = False, reference: Reference | None = None
) -> str:
    """Draw a bar a mark, from 0 on; by powers of ten, from a little below the least of them on."""
    values = [mark.value + (mark.more[0] if mark.more else 0.0) for mark in marks]
    finite = [value for value in values if math.isfinite(value)]
    if reference:
        finite.append(reference.value)
    place = _by_powers(finite) if log else _from_0(finite)
    parts = []
    for row, (mark, value) in enumerate(zip(marks, values, strict=True)):
        y = _TOP + 38 * row
        parts.append(_text(0, y, mark.label))
        end = float(WIDTH - _ROOM)
        if not math.isfinite(value):
            parts += [_bar(0, y + 6, end, "failure"), _hatch(0, y + 6, end)]
        else:
            middle, end = place(mark.value), place(value)
            parts.append(_bar(0, y + 6, middle, mark.colour))
            if mark.more:
                parts.append(_bar(middle, y + 6, end - middle, mark.more[1]))
        parts.append(_text(end + 6, y + 16, mark.said, kind="value"))
    height = _TOP + 38 * len(marks) - 10
    if reference:
        height += 18
        parts.append(_line(place(reference.value), _TOP + 6, height - 14, "exact"))
        parts.append(_end_text(place(reference.value), height - 2, reference.label))
        height += 2
    return _picture(title, parts, height, _spoken(marks))


def arrows(title: str, marks: Sequence[Mark]) -> str:
    """Draw an arrow a mark, to the right above 0 and to the left below; its label is across."""
    middle = WIDTH / 2
    reach = max(abs(mark.value) for mark in marks) or 1.0
    parts = [_line(middle, _TOP - 12, _TOP + 24 * len(marks) - 8, "axis")]
    for row, mark in enumerate(marks):
        y = _TOP + 24 * row
        length = 96 * mark.value / reach
        side = 1 if length >= 0 else -1
        if abs(length) >= 1:
            parts.append(_arrow(middle, y, length, mark.colour, dashed=mark.dashed))
        else:
            parts.append(f'<circle cx="{middle}" cy="{y}" r="4" style="{_fill(mark.colour)}"/>')
        tip = middle + length + 8 * side
        parts.append(_text(tip, y + 4, mark.said, kind="value", anchor=_anchor(side)))
        parts.append(_text(middle - 8 * side, y + 4, mark.label, anchor=_anchor(-side)))
    return _picture(title, parts, _TOP + 24 * len(marks) - 4, _spoken(marks))


def whiskers(title: str, marks: Sequence[Mark], reference: Reference) -> str:
    """Draw a dot a mark with its interval, and where all of them would be."""
    low = min(reference.value, *(mark.value - mark.width for mark in marks))
    high = max(reference.value, *(mark.value + mark.width for mark in marks))
    margin = 0.08 * (high - low)

    def place(value: float) -> float:
        return _LABELS + (WIDTH - _ROOM - _LABELS) * (value - low + margin) / (high - low + 2 * margin)

    parts = []
    height = _TOP + 28 * len(marks) + 6
    parts.append(_line(place(reference.value), _TOP - 10, height - 14, "exact"))
    for row, mark in enumerate(marks):
        y = _TOP + 28 * row
        ends = place(mark.value - mark.width), place(mark.value + mark.width)
        parts.append(_text(0, y + 4, mark.label))
        parts.append(f'<path d="M{ends[0]:.1f} {y}H{ends[1]:.1f}" style="{_stroke(mark.colour)}"/>')
        parts.append(
            f'<circle cx="{place(mark.value):.1f}" cy="{y}" r="5" style="{_fill(mark.colour)}"/>'
        )
        parts.append(_text(ends[1] + 8, y + 4, mark.said, kind="value"))
    parts.append(_end_text(place(reference.value), height, reference.label))
    return _picture(title, parts, height + 6, _spoken(marks))


def scatter(title: str, panels: Sequence[tuple[str, Sequence[float], Sequence[float], float]]) -> str:
    """Draw panels of dots, each about a line of slope 1 through its mean, on scales of its own.

    A panel is its label, x, y, and how far its axes reach from the mean.
    """
    size = 130
    parts = []
    for number, (label, x, y, reach) in enumerate(panels):
        left = number * (WIDTH - size) / max(1, len(panels) - 1) if len(panels) > 1 else 0
        parts.append(f'<rect x="{left}" y="{_TOP - 12}" width="{size}" height="{size}" class="frame"/>')
        corner = f"M{left} {_TOP - 12 + size}L{left + size} {_TOP - 12}"
        parts.append(f'<path d="{corner}" class="exact"/>')
        centre = sum(x) / len(x), sum(y) / len(y)
        for a, b in zip(x, y, strict=True):
            across, up = (
                size * (0.5 + 0.5 * (v - c) / reach) for v, c in zip((a, b), centre, strict=True)
            )
            parts.append(
                f'<circle cx="{left + across:.1f}" cy="{_TOP - 12 + size - up:.1f}" r="3" '
                f'style="{_fill("l2")}"/>'
            )
        parts.append(_text(left, _TOP + size + 6, label))
    return _picture(title, parts, _TOP + size + 12, [panel[0] for panel in panels])


def squares(
    title: str, matrix: Sequence[Sequence[float]], sums: Sequence[str], said: Iterable[str]
) -> str:
    """Draw a square an entry, as large as it is, filled above 0 and hollow below; at the end sums."""
    step = 24
    largest = max(abs(value) for row in matrix for value in row)
    parts = []
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            side = (step - 3) * math.sqrt(abs(value) / largest)
            corner = (step - side) / 2
            parts.append(
                f'<rect x="{j * step + corner:.1f}" y="{_TOP - 14 + i * step + corner:.1f}" '
                f'width="{side:.1f}" height="{side:.1f}" class="{"plus" if value > 0 else "minus"}"/>'
            )
        parts.append(_text(len(row) * step + 12, _TOP + i * step + 3, sums[i], kind="value"))
    return _picture(title, parts, _TOP - 8 + step * len(matrix), said)


def curves(
    title: str, x_label: str, series: Sequence[tuple[Mark, Sequence[tuple[float, float]]]]
) -> str:
    """Draw curves of points (x, y) in order of x, by powers of ten, each labelled at its last point."""
    width, height = WIDTH - 120, 110
    points = [point for _mark, curve in series for point in curve if point[1] > 0]
    first, last = (series[0][1][end][0] for end in (0, -1))
    y_low, y_high = min(y for _, y in points), max(y for _, y in points)

    def place(point: tuple[float, float]) -> str:
        across = math.log(point[0] / first) / math.log(last / first)
        up = math.log(point[1] / y_low) / math.log(y_high / y_low)
        return f"{width * across:.1f} {_TOP + height * (1 - up):.1f}"

    parts = [f'<path d="M0 {_TOP + height}H{width}" class="axis"/>']
    for mark, curve in series:
        path = "L".join(place(point) for point in curve if point[1] > 0)
        parts.append(f'<path d="M{path}" style="{_stroke(mark.colour)}"/>')
        y = float(place(curve[-1]).split()[1])
        parts.append(_text(width + 8, y - 2, mark.label))
        parts.append(_text(width + 8, y + 14, mark.said, kind="value"))
    parts.append(_text(0, _TOP + height + 18, x_label))
    return _picture(title, parts, _TOP + height + 24, _spoken([mark for mark, _ in series]))


def _spoken(marks: Iterable[Mark]) -> list[str]:
    return [f"{mark.label}: {mark.said}" for mark in marks]


def _picture(title: str, parts: Iterable[str], height: float, said: Iterable[str]) -> str:
    """Return the whole as one line of HTML, which Markdown takes as it is."""
    spoken = escape("; ".join([title, *said]), quote=False)
    drawn = "".join([_text(0, 11, title, kind="title"), *parts])
    return (
        f'<div class="lab-picture"><svg viewBox="0 0 {WIDTH} {height:g}" role="img">'
        f"<title>{spoken}</title>{drawn}</svg></div>"
    )


def _from_0(values: Sequence[float]) -> Place:
    high = max([*values, 0.0]) or 1.0
    return lambda value: (WIDTH - _ROOM) * max(value, 0.0) / high


def _by_powers(values: Sequence[float]) -> Place:
    positive = [value for value in values if value > 0]
    low, high = math.log10(min(positive)) - 0.5, math.log10(max(positive))

    def place(value: float) -> float:
        # What is 0 lies below all powers.
        share = (math.log10(value) - low) / (high - low) if value > 0 else 0.0
        return (WIDTH - _ROOM) * max(share, 0.0)

    return place


def _anchor(side: int) -> str:
    return "start" if side > 0 else "end"


def _fill(colour: str) -> str:
    return f"fill:var(--lab-{colour})"


def _stroke(colour: str) -> str:
    return f"stroke:var(--lab-{colour})"


def _text(x: float, y: float, text: str, *, kind: str = "label", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(text, quote=False)}</text>"


def _end_text(x: float, y: float, text: str) -> str:
    """Return a text under a line, on the side of it where there is room."""
    return _text(x, y, text, anchor="start" if x < WIDTH / 2 else "end")


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" class="{kind}"/>'


def _bar(x: float, y: float, width: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="12" style="{_fill(colour)}"/>'
    )


def _hatch(x: float, y: float, width: float) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="12" fill="url(#lab-hatch)"/>'


def _arrow(x: float, y: float, length: float, colour: str, *, dashed: bool) -> str:
    side = 1 if length > 0 else -1
    head = min(12.0, abs(length))
    neck, tip = x + length - head * side, x + length
    dash = ";stroke-dasharray:7 4" if dashed else ""
    return (
        f'<path d="M{x:.1f} {y}H{neck:.1f}" style="{_stroke(colour)};stroke-width:5{dash}"/>'
        f'<path d="M{tip:.1f} {y}L{neck:.1f} {y - 7}V{y + 7}Z" style="{_fill(colour)};stroke:none"/>'
    )
