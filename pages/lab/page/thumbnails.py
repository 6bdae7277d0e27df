"""The pictures of presets: small SVG in the colours of the table, which follow the theme.

Each is on one line, as Markdown needs it, and is hidden from those who do not see it: the name of the
preset says what it is.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

WIDTH, HEIGHT = 72, 56
_SHADES: Final = 10
_FOOT: Final = HEIGHT - 2.0
# A path of a descent is drawn through so many points.
_POINTS: Final = 24

Points = Sequence[Sequence[float]]


def bars(values: Sequence[float], *, held: int) -> str:
    """Draw probabilities as bars from the foot, the class that is held with a mark below it."""
    step = WIDTH / len(values)
    width = 0.72 * step
    parts = []
    for place, value in enumerate(values):
        x, height = step * place + 0.14 * step, max(0.5, (_FOOT - 4) * value)
        parts.append(_path("p", [(x, _FOOT - 3 - height, width, height)]))
        if place == held:
            parts.append(_path("ink", [(x, _FOOT - 2, width, 2)]))
    return _svg(*parts)


def cells(plan: Sequence[Sequence[float]]) -> str:
    """Draw a plan as cells, whose shade grows with the root of their share of the most there can be."""
    n, m = len(plan), len(plan[0])
    size = min(WIDTH / m, HEIGHT / n)
    left, gap = (WIDTH - size * m) / 2, 0.08 * size
    shades: dict[int, list[tuple[float, float, float, float]]] = {}
    for row, entries in enumerate(plan):
        for column, mass in enumerate(entries):
            shade = min(_SHADES - 1, int(_SHADES * math.sqrt(max(0.0, mass) * max(n, m))))
            if shade:
                box = (left + size * column, size * row, size - gap, size - gap)
                shades.setdefault(shade, []).append(box)
    ground = _path("plan-0", [(left, 0, size * m, size * n)])
    return _svg(ground, *(_path(f"plan-{shade}", boxes) for shade, boxes in sorted(shades.items())))


def descents(paths: Sequence[tuple[str, Points]], target: Sequence[float]) -> str:
    """Draw descents in the triangle of three classes, each by its quantity, and where they should go.

    A point is the probabilities of the classes at the lower left and at the lower right.
    """
    x, y = _in_triangle(*target)
    corners = [_in_triangle(1, 0), _in_triangle(0, 1), _in_triangle(0, 0)]
    lines = [
        f'<path class="{name}" d="{_line([_in_triangle(*point) for point in _thinned(points)])}"/>'
        for name, points in paths
    ]
    goal = f'<circle class="goal" cx="{x:.3g}" cy="{y:.3g}" r="3.5"/>'
    return _svg(f'<path class="edge" d="{_line(corners)}Z"/>', goal, *lines)


def outcomes(columns: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Draw a column a dtype: its mark, and below it what the loss and its gradient are.

    A number is a box, one that is off is hollow, and infinity and NaN are hatched.
    """
    step = WIDTH / len(columns)
    parts = []
    for place, (dtype, found) in enumerate(columns):
        x = step * place + 1
        parts.append(f'<path class="{dtype}" d="{_MARKS[dtype].format(x=x + step / 2 - 1)}"/>')
        for row, outcome in enumerate(found):
            y, size = 15.0 + 21 * row, step - 2
            box = (x, y, size, 19.0)
            if outcome in ("inf", "nan"):
                parts.append(_path("failure", [box]))
                slants = (f"M{x:.3g} {y + at:.3g}l{size:.3g} {-size:.3g}" for at in (13, 21))
                parts.append(f'<path class="hatch" d="{"".join(slants)}"/>')
            else:
                parts.append(_path("right" if outcome == "right" else "wrong", [box]))
    return _svg(*parts)


def dots(points: Points) -> str:
    """Draw trials as dots about the line on which both losses would move alike."""
    most = max((abs(value) for point in points for value in point), default=0.0) or 1.0
    scale = (HEIGHT / 2 - 4) / most
    left, top = WIDTH / 2, HEIGHT / 2
    line = f"M{left - 26} {top + 26}L{left + 26} {top - 26}"
    places = "".join(f"M{left + scale * x:.3g} {top - scale * y:.3g}h0" for x, y in points)
    return _svg(f'<path class="exact" d="{line}"/>', f'<path class="dots" d="{places}"/>')


# Centred at {x} and 7: triangle, square, diamond, circle.
_MARKS: Final = {
    "float16": "M{x} 2l5 9h-10z",
    "bfloat16": "M{x} 2.5m-4.5 0h9v9h-9z",
    "float32": "M{x} 1.5l5.5 5.5-5.5 5.5-5.5-5.5z",
    "float64": "M{x} 2.5a4.5 4.5 0 1 1-.01 0z",
}


def _in_triangle(left: float, right: float) -> tuple[float, float]:
    width = 2 * (_FOOT - 2) / math.sqrt(3)
    x = WIDTH / 2 + width * (right - left) / 2
    return x, 2 + (_FOOT - 2) * (left + right)


def _thinned(points: Points) -> Points:
    step = max(1, len(points) // _POINTS)
    return [*points[:-1:step], points[-1]]


def _line(points: Points) -> str:
    return "M" + "L".join(f"{x:.3g} {y:.3g}" for x, y in points)


def _path(name: str, boxes: Iterable[tuple[float, float, float, float]]) -> str:
    drawn = "".join(
        f"M{x:.3g} {y:.3g}h{width:.3g}v{height:.3g}h-{width:.3g}z" for x, y, width, height in boxes
    )
    return f'<path class="{name}" d="{drawn}"/>'


def _svg(*parts: str) -> str:
    return (
        f'<svg class="lab-thumbnail" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
