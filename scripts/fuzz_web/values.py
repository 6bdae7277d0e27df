"""What a stranger writes where a value is expected: texts, numbers, JSON."""

import json
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

MARKUP: Final = (
    "<script>hostile()</script>",
    '"onmouseover="hostile()" x="',
    "'><img src=x onerror=hostile()>",
    "</title></head><svg onload=hostile()>",
    "`</code><script>hostile()</script>",
    "![x](https://hostile.test/x.png) [x](javascript:hostile())",
    "</script><script>hostile()</script>",
)
"""None of it may come back as it was sent where a browser would read it as markup."""

_TEXTS: Final = (
    "", " ", "\0", "\t\r\n", "\x1b[31m", "\x7f\x80\x9f", "\u202e\u2066abc\u2069", "\u200b\u200d\ufeff",
    "\ufffe\uffff", "\U0001f9d1\u200d\U0001f680" * 20, "e" + "\u0301" * 300, "１２３", "١٢٣", "½", "Ⅻ",
    "../../../../etc/passwd", "%00", "%2e%2e%2f", "%", "%zz", "${7*7}", "{0.__class__}", "%s%n",
    "$\\href{javascript:hostile()}{x}$", ":material/hostile:", "' OR 1=1 --", "\r\nSet-Cookie: a=b",
    "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e-999", "-0", "0x10", "1_000", "1,5",
    "9" * 400, "0." + "0" * 400 + "1", "true", "False", "null", "None", "[]", "{}", "1;2", "1 2",
    "first", ",", ",,,", "1,", "nan,nan", "inf,inf", "-inf,-inf", "1,nan", "1," * 60, "1e308," * 5,
    "0000", "zzzz" * 64, "0" * 64, "z" * 65, "one-hot", "smoothed", "0,0,0", "1e-300,1e-300,1e-300",
)  # fmt: skip

_NUMBERS: Final = (
    math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-308, 1.7976931348623157e308, -1e308,
    0.5, -1.0, 1.0, 2.0, 3.0, 1e9, 2.0**31, 2.0**53, -(2.0**63), 1e18,
)  # fmt: skip

_WHOLE: Final = (0, 1, -1, 2, 7, 2**31, -(2**31), 2**53, 2**63 - 1, -(2**63))

_BROKEN_JSON: Final = (
    "", "{", "[", "nul", "{'a': 1}", "\0", "[1,]", '{"a":NaN}', "[Infinity,-Infinity]", '"\\ud800"',
    "[" * 100_000, '{"a":' * 50_000, "9" * 5000, "-" + "9" * 5000, "[" + "9" * 5000 + "]", "1e999",
    '{"event":"moved","value":' + "9" * 5000 + "}",
)  # fmt: skip


def one_of(draw: random.Random, *makers: Callable[[random.Random], Any]) -> Any:
    """Return what one of several makers makes."""
    return draw.choice(makers)(draw)


def markup(draw: random.Random) -> str:
    """Return markup."""
    return draw.choice(MARKUP)


def text(draw: random.Random) -> str:
    """Return a text: markup, a number out of all bounds, letters of any script, 10 kB of something."""
    return str(one_of(draw, markup, _known_text, _known_text, letters, _long, _nearly))


def letters(draw: random.Random) -> str:
    """Return letters, marks and controls of any script."""
    ranges = (
        (0, 0x7F),
        (0x80, 0x24F),
        (0x590, 0x6FF),
        (0x2000, 0x206F),
        (0x4E00, 0x4FFF),
        (0x1F300, 0x1F6FF),
    )
    return "".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(draw.randint(1, 40)))


def number(draw: random.Random) -> float:
    """Return a number, NaN and infinity too."""
    return draw.choice(_NUMBERS) if draw.random() < 0.7 else draw.uniform(-1e4, 1e4)


def whole(draw: random.Random) -> int:
    """Return a whole number of 64 bits."""
    return draw.choice(_WHOLE) if draw.random() < 0.7 else draw.randint(-3000, 3000)


def json_text(draw: random.Random) -> str:
    """Return JSON, or what is none: broken, nested without end, a number of 5000 digits."""
    if draw.random() < 0.3:
        return draw.choice(_BROKEN_JSON)
    return json.dumps(tree(draw))


def tree(draw: random.Random, depth: int = 3) -> Any:
    """Return what JSON can hold."""
    leaves: Sequence[Callable[[random.Random], Any]] = (text, number, whole, _switch, _nothing)
    if depth == 0 or draw.random() < 0.3:
        return one_of(draw, *leaves)
    if draw.random() < 0.5:
        return [tree(draw, depth - 1) for _ in range(draw.choice((0, 1, 2, 3, 12)))]
    names = (
        "session",
        "serial",
        "value",
        "event",
        "logits",
        "x",
        "",
        "__proto__",
        "\0",
        "q",
        "mu",
        "nu",
    )
    return {draw.choice(names): tree(draw, depth - 1) for _ in range(draw.randint(0, 5))}


def _known_text(draw: random.Random) -> str:
    return draw.choice(_TEXTS)


def _nearly(draw: random.Random) -> str:
    return ",".join(repr(number(draw)) for _ in range(draw.randint(1, 12)))


def _long(draw: random.Random) -> str:
    return (draw.choice((*MARKUP, "9", "1,", "a", "\u202e", "%00", "é")) * 10_000)[:10_000]


def _switch(draw: random.Random) -> bool:
    return draw.random() < 0.5


def _nothing(_draw: random.Random) -> None:
    return None
