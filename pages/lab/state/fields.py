"""The fields of a state: one record a field, which URL, widget, timeline and export read.

A record stands where the state declares the field, `n: int = field(128, Stops(...))`, and says what
it is called, what it may be, and how a URL spells it. It checks whatever comes from outside: a
URL, a widget, a message of a component. Nothing here draws.
"""

import dataclasses
import math
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, Protocol, TypeGuard

from typing_extensions import override

LARGEST_SEED: Final = 2**31 - 1
LARGEST_WHOLE: Final = 2**53
"""Beyond it a browser's numbers are no longer whole."""

_PLAIN: Final = re.compile(
    # As many decimals as `spell` writes: 12 digits that begin in the fourth.
    r"[+-]?(\d{1,12}(\.\d{0,15})?|\.\d{1,15})(e[+-]?\d{1,3})?",
    re.ASCII | re.IGNORECASE,
)
_INFINITE: Final = re.compile(r"[+-]?inf", re.ASCII | re.IGNORECASE)
_RECORD: Final = "record"

UNSET: Final = object()
"""What a text spells where a field may be None and is."""


class State(Protocol):
    """What a person has set on a page: a frozen dataclass whose fields have records."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def parse_number(text: str) -> float | None:
    """Return the number that a text spells; None if it spells none, or one too long to be meant."""
    value = float(text) + 0.0 if _PLAIN.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def is_number(value: Any) -> TypeGuard[float]:
    """Tell a finite number from whatever else a message may hold."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # A whole number may be too large to become a float.
    return number and abs(value) <= sys.float_info.max


def spell(value: float) -> str:
    """Write a number, or a switch, as briefly as it can be read back."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def _within(value: Any, low: float, high: float, *, integer: bool) -> float | None:
    if not is_number(value) or not low <= value <= high:
        return None
    if integer:
        return int(value) if float(value).is_integer() else None
    return float(value)


@dataclass(frozen=True, kw_only=True)
class Record(ABC):
    """What a field is.

    Attributes
    ----------
    label, help
        What is shown, before translation. A help may name attributes of the record in braces.
    symbol
        As formulas write it; empty if none does.
    """

    label: str
    help: str = ""
    symbol: str = ""

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value that a URL spells; None if it spells none within the bounds."""

    @abstractmethod
    def checked(self, value: Any) -> Any:
        """Return the value that a widget or a message reports; None if it is none that may be."""

    def spell(self, value: Any) -> str:
        """Write a value as a URL spells it."""
        return spell(value)


@dataclass(frozen=True, kw_only=True)
class Stops(Record):
    """A number that a slider sets.

    Attributes
    ----------
    stops
        Where the slider stops, ascending; its ends are the bounds. A URL may name values between.
    integer
        Whether only whole numbers are meant.
    """

    stops: tuple[float, ...]
    integer: bool = False

    @override
    def parse(self, text: str) -> float | None:
        value = parse_number(text)
        return None if value is None else self.checked(value)

    @override
    def checked(self, value: Any) -> float | None:
        return _within(value, self.stops[0], self.stops[-1], integer=self.integer)


@dataclass(frozen=True, kw_only=True)
class Number(Record):
    """A number that is typed.

    Attributes
    ----------
    low, high
        The bounds.
    integer
        Whether only whole numbers are meant.
    step, format
        How a number box steps and writes; None as the box does by itself.
    unset
        What a URL may write for None, where the field may be None.
    """

    low: float
    high: float
    integer: bool = True
    step: float | None = None
    format: str | None = None
    unset: str | None = None

    @override
    def parse(self, text: str) -> Any:
        if text == self.unset:
            return UNSET
        value = parse_number(text)
        return None if value is None else self.checked(value)

    @override
    def checked(self, value: Any) -> float | None:
        return _within(value, self.low, self.high, integer=self.integer)


OF_FIELD: Final = "the label of the field"


@dataclass(frozen=True, kw_only=True)
class Choice(Record):
    """One of a few.

    Attributes
    ----------
    options
        Value -> what is shown, before translation. A value that is shown as it is has an empty text;
        one that is the name of a field, and is shown as that, has `OF_FIELD`.
    as_pills
        Whether all of them are in sight.
    """

    options: Mapping[str, str]
    as_pills: bool = False

    @override
    def parse(self, text: str) -> str | None:
        return self.checked(text)

    @override
    def checked(self, value: Any) -> str | None:
        return value if isinstance(value, str) and value in self.options else None

    @override
    def spell(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Switch(Record):
    """On or off."""

    @override
    def parse(self, text: str) -> bool | None:
        return {"true": True, "false": False}.get(text.lower())

    @override
    def checked(self, value: Any) -> bool | None:
        return value if isinstance(value, bool) else None


@dataclass(frozen=True, kw_only=True)
class Numbers(Record):
    """A list of numbers, which a URL and a person write with commas between.

    Attributes
    ----------
    fewest, most
        How many.
    low, high
        The bounds of each.
    infinite
        Whether inf and -inf count as numbers.
    decimals
        To so many each is rounded; None keeps 12 digits.
    """

    fewest: int
    most: int
    low: float
    high: float
    infinite: bool = False
    decimals: int | None = None

    @override
    def parse(self, text: str) -> tuple[float, ...] | None:
        parts = [part.strip() for part in text[: 32 * self.most + 1].split(",")]
        if len(text) > 32 * self.most or not self.fewest <= len(parts) <= self.most:
            return None
        values = [float(part) if _INFINITE.fullmatch(part) else parse_number(part) for part in parts]
        return self.checked(values)

    @override
    def checked(self, value: Any) -> tuple[float, ...] | None:
        if not isinstance(value, list | tuple) or not self.fewest <= len(value) <= self.most:
            return None
        if not all(map(self._holds, value)):
            return None
        rounded = (x if self.decimals is None else round(x, self.decimals) for x in value)
        return tuple(float(x) + 0.0 for x in rounded)

    @override
    def spell(self, value: Sequence[float]) -> str:
        return ",".join(map(spell, value))

    def _holds(self, value: Any) -> bool:
        if self.infinite and isinstance(value, float) and math.isinf(value):
            return True
        return is_number(value) and self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Text(Record):
    """Something that a URL writes in letters of its own.

    Attributes
    ----------
    read
        Returns the value that a text spells, or None.
    longest
        Letters that are looked at.
    write
        The other way round; a value that is a text is written as it is.
    """

    read: Callable[[str], Any]
    longest: int = 1000
    write: Callable[[Any], str] = str

    @override
    def parse(self, text: str) -> Any:
        return self.read(text.strip()) if len(text) <= self.longest else None

    @override
    def checked(self, value: Any) -> Any:
        return self.parse(self.write(value))

    @override
    def spell(self, value: Any) -> str:
        return self.write(value)


def field(default: Any, record: Record) -> Any:
    """Declare a field of a state, its default and its record."""
    return dataclasses.field(default=default, metadata={_RECORD: record})


@cache
def records(state: type[State]) -> Mapping[str, Record]:
    """Return the records of a state by the names of its fields, which are those of the URL."""
    return {one.name: one.metadata[_RECORD] for one in dataclasses.fields(state)}


def label_of(state: type[State], name: str) -> str:
    """Return what a field is called, before translation."""
    return records(state)[name].label


def stops_of(state: type[State], name: str) -> tuple[float, ...]:
    """Return where the slider of a field stops."""
    record = records(state)[name]
    if not isinstance(record, Stops):
        raise TypeError(f"{name} must be a field with stops, got a {type(record).__name__}")
    return record.stops
