"""What the lab of stability can be asked: logits, a target, a formula, a dtype, a floor."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ce_core import DTYPES, PITFALLS
from lab.language.catalogues import N_
from lab.page.lab import Preset
from lab.state.fields import Choice, Number, Numbers, Stops, field, records

FEWEST, MOST = 2, 6
LARGEST: Final = 1000.0
MOST_STEPS: Final = 99
DTYPE_NAMES: Final = tuple(reversed(DTYPES))

# Every threshold, the whole number before it, and what lies between.
GAPS: Final = (
    1, 2, 3, 5, 8, 10, 11, 12, 15, 17, 18, 20, 25, 27, 28, 30, 40, 50, 51, 60, 70, 80, 88, 89, 92, 93,
    100, 103, 104, 120, 150, 200, 250, 300, 371, 372, 400, 500, 600, 709, 710, 745, 746, 800, 900, 1000,
)  # fmt: skip


FLOORS: Final = (
    1e-38, 1e-30, 1e-20, 1e-16, 1e-12, 1e-10, 1e-08, 1e-07, 1e-06, 1e-05, 0.0001,
    0.001, 0.01, 0.1,
)  # fmt: skip

FORMULA_LABELS: Final = {
    "naive": N_("log of exp/Σ, as in a textbook"),
    "max_shifted": N_("log of softmax, maximum subtracted"),
    "clipped": N_("log of clipped softmax"),
    "where_masked": N_("log of softmax, where-masked"),
    "log_softmax": N_("log-softmax"),
    "log_softmax_masked": N_("log-softmax, 0·∞ masked"),
    "double_softmax": N_("softmax twice"),
    "logit_gap": N_("L2, no logarithm"),
    "logit_gap_masked": N_("L2, 0·∞ masked"),
}
CASE_LABELS: Final = {
    "log_of_softmax": N_("log of softmax"),
    "overflow": N_("exp of a large logit"),
    "where_masked": N_("where-mask"),
    "tiny_eps": N_("eps in float16"),
    "double_softmax": N_("softmax twice"),
    "infinite_logit": N_("+∞ logit"),
    "masked_row": N_("all −∞ row"),
}


@dataclass(frozen=True)
class StabilityState:
    """What the controls say; the target counts classes from 1."""

    a: tuple[float, ...] = field(
        (120.0, 0.0),
        Numbers(
            label=N_("Logits a"), symbol="a", fewest=FEWEST, most=MOST, low=-LARGEST, high=LARGEST,
            infinite=True,
        ),
    )  # fmt: skip
    target: int = field(
        1,
        Number(
            label=N_("Target class"),
            help=N_("q is 1 for this class and 0 for all others."),
            low=1,
            high=MOST,
        ),
    )
    formula: str = field("max_shifted", Choice(label=N_("Formula of the loss"), options=FORMULA_LABELS))
    dtype: str = field(
        "float32",
        Choice(
            label=N_("dtype of the arithmetic"),
            help=N_("The table shows all four; the sentences and the cure are about this one."),
            options=dict.fromkeys(DTYPE_NAMES, ""),
        ),
    )
    floor: float = field(
        1e-12,
        Stops(
            label=N_("Floor of the clipping"),
            help=N_("The clipped formula takes max(p, floor) before the logarithm."),
            stops=FLOORS,
        ),
    )
    step: int | None = field(
        None, Number(label=N_("Step of the trace"), low=1, high=MOST_STEPS, unset="first")
    )

    def misfits(self) -> set[str]:
        """Return the fields that do not fit the others."""
        return {"target"} if self.target > len(self.a) else set()

    def settled(self) -> "StabilityState":
        """Return the state with a target that is one of its classes."""
        return replace(self, target=min(self.target, len(self.a)))

    @property
    def q(self) -> tuple[float, ...]:
        """The target distribution: 1 for its class."""
        return tuple(float(i == self.target) for i in range(1, len(self.a) + 1))

    @property
    def clip(self) -> float | None:
        """The floor as the formula takes it."""
        return self.floor if self.formula == "clipped" else None

    @property
    def cure(self) -> str:
        """The formula of the same loss that mends what the others break."""
        return "logit_gap_masked" if self.formula.startswith("logit_gap") else "log_softmax_masked"

    @property
    def gap(self) -> float | None:
        """The largest finite logit minus the smallest; None where a logit is +inf or none is finite."""
        finite = [x for x in self.a if math.isfinite(x)]
        return max(finite) - min(finite) if finite and max(self.a) < math.inf else None

    @property
    def lag(self) -> float | None:
        """By how much the target loses to the largest other logit; None where there is no softmax."""
        if self.gap is None:
            return None
        others = max(x for i, x in enumerate(self.a, start=1) if i != self.target)
        # Of two that are -inf one is finite, or there were no softmax.
        return others - self.a[self.target - 1]

    @property
    def line(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Logits at gap 0, and what a unit of the gap adds: the present ones, stretched."""
        if not self.gap:
            first = next((i for i, x in enumerate(self.a) if math.isfinite(x)), 0)
            low = self.a[first] if math.isfinite(self.a[first]) else 0.0
            origin = tuple(x if x == -math.inf and self.gap is not None else low for x in self.a)
            return origin, tuple(float(i == first) for i in range(len(self.a)))
        low = min(x for x in self.a if math.isfinite(x))
        origin = tuple(x if math.isinf(x) else low for x in self.a)
        direction = tuple(0.0 if math.isinf(x) else (x - low) / self.gap for x in self.a)
        return origin, direction

    def at_gap(self, gap: float) -> "StabilityState":
        """Return the same state with its logits stretched to a gap."""
        origin, direction = self.line
        logits = tuple(round(o + gap * d, 9) for o, d in zip(origin, direction, strict=True))
        if max(logits) > LARGEST:
            # Without softmax there is nothing to shift; elsewhere only differences count.
            logits = tuple(round(x - max(logits) + gap, 9) for x in logits)
        return replace(self, a=logits)


def gap_stops(state: StabilityState) -> list[float]:
    """Return the gaps at which the lever stops, the present one among them."""
    return sorted({*map(float, GAPS), *([] if state.gap is None else [state.gap])})


DEFAULT: Final = StabilityState()

CASES: Final = {
    name: StabilityState(
        a=case.a,
        target=case.q.index(1) + 1,
        formula=case.formula,
        dtype=case.dtype,
        floor=case.floor or DEFAULT.floor,
    )
    for name, case in PITFALLS.items()
}
PRESETS: Final[Mapping[str, Preset[StabilityState]]] = {
    name: Preset(CASE_LABELS[name], state) for name, state in CASES.items()
}


def case_of(state: StabilityState) -> str | None:
    """Return the name of the case that this state is, if it is one."""
    return next((name for name, case in CASES.items() if case == replace(state, step=None)), None)


def read_moved(message: Mapping[str, Any], state: StabilityState) -> StabilityState | None:
    """Return the state after a message of the table; None if it says no step or gap that may be."""
    gap = message.get("gap")
    if gap is not None and gap != state.gap:
        if state.gap is None or isinstance(gap, bool) or gap not in GAPS:
            return None
        # Where it first fails is another step.
        return replace(state.at_gap(float(gap)), step=None)
    step = records(StabilityState)["step"].checked(message.get("step"))
    return None if step is None else replace(state, step=step)
