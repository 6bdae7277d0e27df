"""What the page of the softmax shows, computed once for all visitors who ask for the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ce_core import (
    DTYPES,
    DifferenceErrors,
    JacobianSpectrum,
    SoftmaxSurface,
    cross_entropy,
    cross_entropy_grad,
    difference_errors,
    entropy,
    jacobian_spectrum,
    softmax,
    softmax_jacobian,
    softmax_surface,
    trace_formula,
)
from lab.page.csv import csv_text
from lab.page.kept import computed_once
from lab.softmax.state import SoftmaxState


@dataclass(frozen=True)
class Results:
    """All that a state of the logits determines; `scores` are a/T."""

    state: SoftmaxState
    scores: Tensor
    p: Tensor
    loss: float
    gradient: Tensor
    entropy: float
    jacobian: Tensor
    spectrum: JacobianSpectrum
    differences: DifferenceErrors
    surface: SoftmaxSurface
    naive_failures: tuple[str, ...]

    @property
    def point(self) -> tuple[float, float, float]:
        """Where the present state lies on the surface."""
        return self.state.a[0], self.state.a[1], self.p[0].item()


@computed_once(megabytes=16)
def results(state: SoftmaxState) -> Results:
    """Compute everything that the page shows of a state."""
    logits = torch.tensor(state.a, dtype=torch.float64)
    scores = logits / state.temperature
    # What does not see an offset is computed without it.
    shifted = scores_without_offset(state)
    target = torch.zeros_like(scores)
    target[state.target - 1] = 1
    p = softmax(shifted)
    low, high = state.window
    return Results(
        state=state,
        scores=scores,
        p=p,
        loss=cross_entropy(shifted, target).item(),
        gradient=cross_entropy_grad(shifted, target),
        entropy=max(0.0, entropy(p).item()),
        jacobian=softmax_jacobian(shifted),
        spectrum=jacobian_spectrum(shifted),
        differences=difference_errors(scores),
        surface=softmax_surface(logits, low=low, high=high, temperature=state.temperature),
        naive_failures=tuple(dtype for dtype in DTYPES if _naive_fails(scores, target, dtype)),
    )


def scores_without_offset(state: SoftmaxState) -> Tensor:
    """Return a/T with 0 as its largest: an offset would cost digits."""
    logits = torch.tensor(state.a, dtype=torch.float64)
    return (logits - logits.max()) / state.temperature


def numbers(found: Results) -> dict[str, float]:
    """Return every number of the page by name."""
    errors = found.differences
    table: dict[str, float] = {"l1": found.loss, "entropy": found.entropy}
    columns = (("p", found.p), ("gradient", found.gradient), ("eigenvalue", found.spectrum.eigenvalues))
    for name, values in columns:
        table |= {f"{name}_{i}": value for i, value in enumerate(values.tolist(), start=1)}
    table |= {"rank": int(found.spectrum.rank), "rank_tolerance": found.spectrum.tolerance.item()}
    for index, dtype in enumerate(errors.dtypes):
        table |= {
            f"best_step_{dtype}": errors.best_steps[index].item(),
            f"best_error_{dtype}": errors.best_errors[index].item(),
            f"autograd_error_{dtype}": errors.autograd[index].item(),
            f"closed_form_error_{dtype}": errors.closed_form[index].item(),
        }
    return table


def data_csv(found: Results) -> str:
    """Return what the figures show as CSV, one number a line, every digit kept."""
    return csv_text(("quantity", "row", "column", "value"), _lines(found))


def _lines(found: Results) -> Iterator[tuple[str, int | str, int | float | str, float]]:
    columns = {
        "a": list(found.state.a),
        "p": found.p.tolist(),
        "gradient": found.gradient.tolist(),
        "eigenvalue": found.spectrum.eigenvalues.tolist(),
    }
    for name, values in columns.items():
        yield from ((name, i, "", value) for i, value in enumerate(values, start=1))
    for i, row in enumerate(found.jacobian.tolist(), start=1):
        yield from (("jacobian", i, j, value) for j, value in enumerate(row, start=1))
    steps = found.differences.steps.tolist()
    for dtype, errors in zip(
        found.differences.dtypes, found.differences.differences.tolist(), strict=True
    ):
        for step, error in zip(steps, errors, strict=True):
            yield "difference_error", dtype, step, error


def _naive_fails(scores: Tensor, target: Tensor, dtype: str) -> bool:
    steps = trace_formula("naive", scores, target, dtype=dtype).steps
    return any(step.name == "probabilities" and step.outcome == "nan" for step in steps)
