"""What torch.compile makes of the functions: `python -m tests.support.compilation` prints it as JSON.

In a process of its own, without the checks of shapes, which torch cannot trace.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ce_core import balanced_assignment, round_plan, squared_distances, with_dustbins
from tests.support.calls import CALLS, Call
from tests.support.cases import ROW_FUNCTIONS, RowFunction, uniform
from tests.support.transforms import check_compile, close, outcome

COST, WEIGHTS = uniform(6, 4), uniform(6, 4, seed=1)
OTHERS: dict[str, Callable[[Tensor], Tensor]] = {
    "squared_distances, few": lambda c: squared_distances(c, 2 * c),
    "squared_distances, many": lambda c: squared_distances(c.repeat(60, 1), c.repeat(60, 1)),
    "round_plan": lambda c: round_plan(c / 24),
    "with_dustbins": lambda c: with_dustbins(c, 1.0).cost,
}
BALANCED = {f"balanced_assignment, eps {eps:g}": eps for eps in (0.5, 1e-3)}


def main() -> None:
    """Print the words of each kind of check by name."""
    found = {
        "calls": {call.name: partial(check_compile, call) for call in CALLS if is_called(call)},
        "rows": {str(case): partial(check_row_function, case) for case in ROW_FUNCTIONS},
        "balanced": {name: partial(check_balanced, eps) for name, eps in BALANCED.items()},
        "others": {name: partial(check_value, function) for name, function in OTHERS.items()},
    }
    words = {
        kind: {name: word(check) for name, check in checks.items()} for kind, checks in found.items()
    }
    json.dump(words, sys.stdout)


def word(check: Callable[[], bool]) -> str:
    """Return the outcome of a check, which one that crashes does not keep from the others."""
    try:
        return outcome(check)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:120]}"


def is_called(call: Call) -> bool:
    """Tell whether there is an array to trace, and no check of the function among those of rows."""
    return call.takes_arrays and call.name not in map(str, ROW_FUNCTIONS)


def check_row_function(case: RowFunction) -> bool:
    """Compare value and gradients of a batch."""
    torch.compiler.reset()
    arguments = case.arguments(3, 5)
    leaves = [x.clone().requires_grad_() for x in arguments]
    value = torch.compile(case.scalar, backend="aot_eager")(*leaves)
    found = torch.autograd.grad(value, leaves)
    expected = case.by_autograd(arguments)
    return close([value.detach()], [case.scalar(*arguments)], rtol=1e-7, atol=1e-7) and close(
        found, expected, rtol=1e-12, atol=1e-14
    )


def check_balanced(eps: float) -> bool:
    """Compare value and gradient, with history and without."""
    torch.compiler.reset()
    plain = partial(balanced_assignment, eps=eps)
    compiled = torch.compile(plain, backend="aot_eager")
    right = close([compiled(COST)], [plain(COST)], rtol=1e-9, atol=1e-12)
    for one, other in zip(_value_and_slope(compiled), _value_and_slope(plain), strict=True):
        right &= close([one], [other], rtol=1e-9, atol=1e-12)
    return right


def _value_and_slope(function: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
    cost = COST.clone().requires_grad_()
    yield function(cost).detach()
    yield from torch.autograd.grad((WEIGHTS * function(cost)).sum(), cost)


def check_value(function: Callable[[Tensor], Tensor]) -> bool:
    """Compare a value."""
    torch.compiler.reset()
    compiled = torch.compile(function, backend="aot_eager")
    return close([compiled(COST)], [function(COST)], rtol=1e-7, atol=1e-7)


if __name__ == "__main__":
    main()
