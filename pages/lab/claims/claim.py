"""What a claim is: one record, which the page, `docs/claims.md` and the tests read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lab.language.catalogues import _
from lab.language.numerals import fixed, number, percent

TRUE, FALSE, CONDITIONAL = VERDICTS = ("true", "false", "conditional")
"""A conditional claim is true under a condition that whoever claims it does not state."""
# What is smaller is an error of rounding or close to one, of which only the size matters.
_ROUNDING: Final = 1e-6

Measured = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim: what is said, whether it is true, and what shows it. Texts are before translation.

    Attributes
    ----------
    key
        Its name in tests, and with hyphens in addresses.
    verdict
        One of `VERDICTS`.
    condition
        Under which it is true; empty unless the verdict is conditional. Read after "True if".
    source
        Who says so.
    claim
        What is said, in our words.
    sentence
        What decides it. Names in braces, here and in the note, are numbers that the claim measures.
    note
        What else belongs to it.
    measure
        What computes the numbers.
    draw
        The smallest picture that decides the claim, of those numbers.
    page, query
        The page and the state of it that shows the claim; no page where none does.
    shows
        Those of its numbers that the state shows too, in the same digits.
    digits
        As many as its numbers need to be told apart.
    decimals
        In place of digits, where texts add or subtract its numbers.
    shares
        Those of its numbers that are read in percent.
    """

    key: str
    verdict: str
    condition: str = ""
    source: str
    claim: str
    sentence: str
    note: str = ""
    measure: Callable[[], dict[str, float]]
    draw: Callable[[Measured], str]
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    digits: int = 3
    decimals: int | None = None
    shares: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The end of the address of this claim alone."""
        return self.key.replace("_", "-")

    def spelled(self, measured: Measured) -> dict[str, str]:
        """Return the numbers as they are read, by the names that texts have for them."""
        return {
            name.replace(".", "_"): self._spell(name.replace(".", "_"), value)
            for name, value in measured.items()
        }

    def _spell(self, name: str, value: float) -> str:
        digits = 2 if abs(value) <= _ROUNDING or "interval" in name else self.digits
        if name in self.shares:
            return percent(value, digits=digits)
        if self.decimals is not None and abs(value) > _ROUNDING:
            return fixed(value, decimals=self.decimals)
        return number(value, digits=digits)

    def say(self, text: str, measured: Measured) -> str:
        """Return one of the texts in the language of the visit, with its numbers."""
        return _(text).format(**self.spelled(measured))
