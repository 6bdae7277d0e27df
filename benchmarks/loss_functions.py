"""Losses and gradients of the logits against torch's fused cross-entropy."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

import ce_core
from benchmarks.effort import Effort
from benchmarks.pairs import Action
from benchmarks.report import RATIO_HEADER, Section, add_ratio
from benchmarks.threads import ONE_THREAD

_SHAPE = (4096, 1000)
_CLASSES = 1_000_000
_PASSES = "{} passes, after each of which the threads wait for each other, against its three"


class _Row(NamedTuple):
    """What is compared, and how many times of the other's are aimed at.

    `several` says that on several threads, and why, where it is more than on one.
    """

    case: str
    against: str
    mine: Action
    theirs: Action
    most: float | None = None
    several: tuple[float, str] | None = None


def _slope(total: Callable[[Tensor], Tensor], at: Tensor) -> Action:
    """Return a call that computes a value and its gradient."""
    leaf = at.clone().requires_grad_()
    return lambda: torch.autograd.grad(total(leaf), leaf)[0]


def measure_loss_functions(effort: Effort) -> Section:
    """Time values, gradients and the two together; what is compared is checked to agree."""
    section = Section(
        "Losses and gradients",
        f"{list(_SHAPE)}, float32, and a softmax over {_CLASSES:,} classes. torch has no logit gap and "
        "no gradient without autograd, so that is set beside its cross-entropy. With a class index as "
        "target it reads one column where ours reads a one-hot row, and the value of a gap reads what "
        "that of its fused loss does not: those rows have no target.",
        RATIO_HEADER,
    )
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(_SHAPE, generator=generator)
    q = torch.softmax(torch.randn(_SHAPE, generator=generator), -1)
    index = torch.randint(_SHAPE[1], _SHAPE[:1], generator=generator)
    one_hot = F.one_hot(index, _SHAPE[1]).to(a.dtype)
    confident = 9 * a

    def ours(q: Tensor) -> Tensor:
        return ce_core.cross_entropy(a, q)

    def fused(target: Tensor) -> Tensor:
        return F.cross_entropy(a, target, reduction="none")

    fused_slope = _slope(lambda x: F.cross_entropy(x, q, reduction="sum"), a)
    fused_name, index_name = "`F.cross_entropy`", "`F.cross_entropy`, class index"
    grad_name = "`F.cross_entropy` and autograd"
    rows = [
        _Row(
            "`cross_entropy`",
            fused_name,
            lambda: ours(q),
            lambda: fused(q),
            1.3,
            (1.5, _PASSES.format("four")),
        ),
        _Row(
            "`cross_entropy`, forward and backward",
            grad_name,
            _slope(lambda x: ce_core.cross_entropy(x, q).sum(), a),
            fused_slope,
            1.3,
            (1.65, _PASSES.format("nine")),
        ),
        _Row(
            "`cross_entropy_grad`",
            grad_name,
            lambda: ce_core.cross_entropy_grad(a, q),
            fused_slope,
            1.3,
        ),
        _Row("`cross_entropy`, one-hot", index_name, lambda: ours(one_hot), lambda: fused(index)),
        _Row(
            "`cross_entropy`, one-hot, forward and backward",
            f"{grad_name}, class index",
            _slope(lambda x: ce_core.cross_entropy(x, one_hot).sum(), a),
            _slope(lambda x: F.cross_entropy(x, index, reduction="sum"), a),
        ),
        _Row("`logit_gap`", fused_name, lambda: ce_core.logit_gap(a, q), lambda: fused(q)),
        _Row(
            "`logit_gap`, forward and backward",
            grad_name,
            _slope(lambda x: ce_core.logit_gap(x, q).sum(), a),
            fused_slope,
            1.1,
            (1.65, _PASSES.format("a dozen")),
        ),
        _Row(
            "`logit_gap`, its mean, forward and backward",
            grad_name,
            _slope(lambda x: ce_core.logit_gap(x, q).mean(), a),
            _slope(lambda x: F.cross_entropy(x, q), a),
            1.3,
            (1.65, _PASSES.format("a dozen")),
        ),
        _Row(
            "`logit_gap_grad`",
            grad_name,
            lambda: ce_core.logit_gap_grad(a, q),
            fused_slope,
            1.1,
            (1.65, _PASSES.format("a dozen")),
        ),
        _Row(
            "`logit_gap_grad`, logits times 9",
            grad_name,
            lambda: ce_core.logit_gap_grad(confident, q),
            _slope(lambda x: F.cross_entropy(x, q, reduction="sum"), confident),
            1.1,
            (1.65, _PASSES.format("a dozen")),
        ),
        _Row(
            "`logit_gap_grad`, p held constant",
            grad_name,
            lambda: ce_core.logit_gap_grad(a, q, detach_p=True),
            fused_slope,
            1.1,
        ),
    ]
    for row in rows:
        if "gap" not in row.case:
            torch.testing.assert_close(row.mine(), row.theirs(), rtol=1e-4, atol=1e-5)
    alone = effort.environment == ONE_THREAD
    for row in rows:
        allowed, why = (row.most, "") if alone or row.several is None else row.several
        times = effort.time(row.mine, row.theirs)
        add_ratio(section, row.case, row.against, times, at_most_times=allowed, why=why)
    _add_many_classes(section, effort)
    return section


def _add_many_classes(section: Section, effort: Effort) -> None:
    """Time a softmax over many classes, and say how far it and torch's are from that in float64."""
    a = torch.randn(1, _CLASSES, generator=torch.Generator().manual_seed(1))

    def ours() -> Tensor:
        return ce_core.softmax(a)

    def theirs() -> Tensor:
        return torch.softmax(a, -1)

    case = f"`softmax`, [1, {_CLASSES}]"
    why = "the sum of ours is not one number added to another, one after the other"
    add_ratio(section, case, "`torch.softmax`", effort.time(ours, theirs), at_most_times=2.0, why=why)
    exact = torch.softmax(a.double(), -1)
    errors = (((p().double() - exact) / exact).abs().max().item() for p in (ours, theirs))
    section.after = (
        "Largest relative error of a probability of that softmax beside float64, ours and torch's: "
        + " and ".join(f"{error:.1e}" for error in errors)
        + "."
    )
