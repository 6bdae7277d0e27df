"""Where NaN is born in a trace: the operation and the entry, forward also what it was given."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ce_core.stability.tracing import FormulaStep, FormulaTrace


@dataclass(frozen=True)
class Birth:
    """An operation that made a NaN of what was none.

    Parameters
    ----------
    step
        The operation.
    entry
        The entry, from 0, in which the NaN is: of its result, or of the gradient that it passed on.
    given
        Forward, that entry of each operand.
    """

    step: FormulaStep
    entry: int
    given: tuple[float, ...] = ()


def forward_birth(trace: FormulaTrace) -> Birth | None:
    """Return the first operation whose result is NaN where none of its operands is."""
    steps = {step.name: step for step in trace.steps}
    for step in trace.steps:
        operands = [steps[name].value for name in step.operands]
        place = _first_nan(step.value, operands)
        if place is not None:
            return Birth(step, place, tuple(_at(value, place) for value in operands))
    return None


def backward_birth(trace: FormulaTrace) -> Birth | None:
    """Return the first operation, from the loss back, that passed on a NaN that had not arrived."""
    for operand in reversed(trace.steps):
        if operand.gradient is None:
            continue
        users = [user for user in trace.steps if operand.name in user.operands]
        arrived = [user.gradient for user in users if user.gradient is not None]
        place = _first_nan(operand.gradient, arrived)
        if place is not None:
            # Of several the last is met first; what the others add to it came through it.
            return Birth(users[-1], place)
    return None


def _first_nan(result: Tensor, sources: list[Tensor]) -> int | None:
    """Return the first entry that is NaN in a result and in none of its sources, if there is one."""
    bad = result.reshape(-1).isnan()
    for source in sources:
        flat = source.reshape(-1).isnan()
        bad = bad & ~(flat if len(flat) == len(bad) else flat.any())
    places = torch.nonzero(bad)
    return int(places[0]) if len(places) else None


def _at(values: Tensor, place: int) -> float:
    flat = values.reshape(-1)
    value: float = flat[place if len(flat) > place else 0].item()
    return value
