"""What the page of the gradients shows, computed once for all visitors who ask for the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from ce_core import (
    DescentPaths,
    LogitGapMinimum,
    SumCheck,
    SumErrors,
    check_sum,
    cross_entropy,
    cross_entropy_grad,
    descent_paths,
    logit_gap,
    logit_gap_grad,
    logit_gap_minimum,
    logit_gap_residual,
    smoothed_target,
    sum_errors,
)
from ce_core.post.published import CHECK_MEAN, CHECK_P, CHECK_SUM, CHECK_VALUES
from ce_core.probability.targets import merge_classes
from lab.gradient.state import FREE, ONE_HOT, SMOOTHED, GradientState
from lab.page.csv import csv_text
from lab.page.kept import computed_once

FRAMES: Final = 48
POINTS: Final = 400
DRAWS: Final = 10_000
# The last steps, and how often in them a path is on the other side that does not come to rest.
_JUMPS: Final = 9
_CROSSINGS: Final = 3
CHECK: Final = check_sum(CHECK_P, CHECK_VALUES)
CHECK_AS_PRINTED: Final = check_sum(CHECK_P, CHECK_VALUES, mean=CHECK_MEAN)
PUBLISHED_SUM: Final = CHECK_SUM


@dataclass(frozen=True)
class Results:
    """All that a state determines.

    Attributes
    ----------
    q
        The target, [m].
    paths
        The descents, every step of them.
    minimum
        Where L2 in full is least.
    gradients
        The three gradients where L2 in full stands after each step, [descents, steps + 1, m].
    residual
        J a there, [steps + 1, m].
    losses
        L1 and L2 of the logits that were asked for.
    kept
        The two classes at the lower corners of the triangle; all others are the third.
    triangle, target, stop
        Paths, q and minimum in that triangle.
    check, printed_check, errors
        The post's fourth step: its numbers, the same with its printed mean, many draws.
    """

    state: GradientState
    q: Tensor
    paths: DescentPaths
    minimum: LogitGapMinimum
    gradients: Tensor
    residual: Tensor
    losses: tuple[float, float]
    kept: tuple[int, int]
    triangle: Tensor
    target: Tensor
    stop: Tensor
    check: SumCheck
    printed_check: SumCheck
    errors: SumErrors

    @property
    def watched(self) -> int:
        """The class whose probability is followed: the one with the most of q, the first of several."""
        return int(self.q.argmax())

    @property
    def gap(self) -> float:
        """How far the path of L2 in full ends from its minimum: the largest difference of a p."""
        return self.miss(2, self.minimum.p)

    def miss(self, descent: int, goal: Tensor) -> float:
        """Return the largest difference of a p at the end of a descent from what it should be."""
        return float((self.paths.p[descent, -1] - goal).abs().max())

    @property
    def gap_at_start(self) -> float:
        """How far the start is from the minimum of L2 in full, by the same measure."""
        return float((self.paths.p[2, 0] - self.minimum.p).abs().max())

    @property
    def uniform(self) -> bool:
        """Whether the target is the same for all classes, as it was asked for."""
        if self.state.kind == FREE:
            return len(set(self.state.weights)) == 1
        return self.state.kind == SMOOTHED and self.state.smoothing == 1

    @property
    def restless(self) -> float:
        """By how much the last step of L2 in full moves a p, where the path does not settle; else 0."""
        path = self.paths.p[2, -_JUMPS:]
        sizes = path.diff(dim=0).abs().amax(-1)
        sides = (path - self.minimum.p)[:, self.watched].sign()
        crossings = int((sides.diff() != 0).sum())
        if len(path) < _JUMPS or crossings < _CROSSINGS:
            return 0.0
        # What goes less far each time is on its way to rest.
        return float(sizes[-1]) if sizes[-3:].max() > 0.5 * sizes[:3].max() else 0.0

    @property
    def apart(self) -> float:
        """Largest difference of a p between the paths of L1 and of L2 with p held constant."""
        return float((self.paths.p[0] - self.paths.p[1]).abs().max())


def target_of(state: GradientState) -> Tensor:
    """Return q of a state."""
    if state.kind == FREE:
        weights = torch.tensor(state.weights, dtype=torch.float64)
        return weights / weights.sum()
    smoothing = 0.0 if state.kind == ONE_HOT else state.smoothing
    return smoothed_target(state.target - 1, len(state.a), smoothing=smoothing)


def results(state: GradientState) -> Results:
    """Compute everything that the page shows of a state."""
    return replace(_results(without_step(state)), state=state)


def without_step(state: GradientState) -> GradientState:
    """Return the state at its last step, to name all the rest."""
    return replace(state, step=None)


@computed_once(megabytes=32)
def _results(state: GradientState) -> Results:
    a, q = torch.tensor(state.a, dtype=torch.float64), target_of(state)
    paths = descent_paths(a, q, learning_rate=state.rate, steps=state.steps)
    minimum = logit_gap_minimum(q)
    full = paths.a[2]
    gradients = [
        cross_entropy_grad(full, q),
        logit_gap_grad(full, q, detach_p=True),
        logit_gap_grad(full, q),
    ]
    kept = corners(paths.p[0, 0], q)
    return Results(
        state=state,
        q=q,
        paths=paths,
        minimum=minimum,
        gradients=torch.stack(gradients),
        residual=logit_gap_residual(full),
        losses=(cross_entropy(a, q).item(), logit_gap(a, q).item()),
        kept=kept,
        triangle=merge_classes(paths.p, kept),
        target=merge_classes(q, kept),
        stop=merge_classes(minimum.p, kept),
        check=CHECK,
        printed_check=CHECK_AS_PRINTED,
        errors=_errors(state.seed),
    )


def frame_steps(state: GradientState) -> tuple[int, ...]:
    """Return the steps that the animation shows: dense at the start, where the paths move most."""
    return tuple(sorted({*_spread(state.steps, FRAMES), state.at}))


def drawn_steps(state: GradientState) -> tuple[int, ...]:
    """Return the steps through which the paths are drawn: all of them, unless they are many."""
    return tuple(sorted({*_spread(state.steps, POINTS), *frame_steps(state)}))


def _spread(steps: int, count: int) -> set[int]:
    return {round(steps * (k / (count - 1)) ** 2) for k in range(count)} | (
        set(range(steps + 1)) if steps < count else set()
    )


@computed_once(megabytes=4)
def _errors(seed: int) -> SumErrors:
    return sum_errors(draws=DRAWS, seed=seed)


def corners(p: Tensor, q: Tensor) -> tuple[int, int]:
    """Return the classes of the lower corners: the first two of three, or those with most q and p."""
    if len(q) <= 3:
        return 0, 1
    first = int(q.argmax())
    others = p.clone()
    others[first] = -1
    return first, int(others.argmax())


def numbers(found: Results) -> dict[str, float]:
    """Return every number of the page by name."""
    at = found.state.at
    table: dict[str, float] = {"l1": found.losses[0], "l2": found.losses[1]}
    start = {
        "q": found.q,
        "p": found.paths.p[0, 0],
        "p_minus_q": found.gradients[0, 0],
        "residual": found.residual[0],
        "l2_gradient": found.gradients[2, 0],
        "minimum_p": found.minimum.p,
    }
    for name, values in start.items():
        table |= {f"{name}_{i}": value for i, value in enumerate(values.tolist(), start=1)}
    table |= {"residual_sum": found.residual[0].sum().item(), "shown_step": at}
    for name, values in zip(found.paths.names, found.paths.p[:, at], strict=True):
        table |= {f"{name}_p_{i}": value for i, value in enumerate(values.tolist(), start=1)}
    table |= {
        "minimum_l2": found.minimum.loss.item(),
        "minimum_multiplier": found.minimum.multiplier.item(),
        "l2_end_to_minimum": found.gap,
        "l1_end_to_q": found.miss(0, found.q),
        "l1_to_l2_held": found.apart,
        "check_sum": found.check.total,
        "check_sum_printed_mean": found.printed_check.total,
        "check_largest_element": found.check.elements.abs().max().item(),
    }
    for index, dtype in enumerate(found.errors.dtypes):
        table |= {
            f"check_rms_eps_{dtype}": found.errors.rms[index].item(),
            f"check_largest_eps_{dtype}": found.errors.largest[index].item(),
            f"check_zero_share_{dtype}": found.errors.zero_share[index].item(),
        }
    return table


def data_csv(found: Results) -> str:
    """Return what the figures show as CSV, one number a line, every digit kept."""
    return _csv(found.state)


@computed_once(megabytes=16)
def _csv(state: GradientState) -> str:
    return csv_text(("quantity", "of", "step", "class", "value"), _lines(results(state)))


def _lines(
    found: Results,
) -> Iterator[tuple[str, str, int | float | str, int | str, float]]:
    steps = drawn_steps(found.state)
    for name, values in (("q", found.q), ("minimum_p", found.minimum.p)):
        yield from ((name, "", "", i, value) for i, value in enumerate(values.tolist(), start=1))
    table = {"a": found.paths.a, "p": found.paths.p}
    for quantity, taken in table.items():
        for descent, path in zip(found.paths.names, taken, strict=True):
            for step in steps:
                row = enumerate(path[step].tolist(), start=1)
                yield from ((quantity, descent, step, i, value) for i, value in row)
    for quantity, path in (("p_minus_q", found.gradients[0]), ("residual", found.residual)):
        for step in steps:
            row = enumerate(path[step].tolist(), start=1)
            yield from ((quantity, "l2", step, i, value) for i, value in row)
    elements = found.check.elements.tolist()
    yield from (("check_element", "", "", i, value) for i, value in enumerate(elements, start=1))
    middles = (found.errors.edges[:-1] + found.errors.edges[1:]) / 2
    for dtype, counts in zip(found.errors.dtypes, found.errors.counts.tolist(), strict=True):
        for middle, count in zip(middles.tolist(), counts, strict=True):
            yield "check_draws", dtype, middle, "", count
