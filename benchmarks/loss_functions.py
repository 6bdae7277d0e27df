"""Losses and gradients of the logits against torch's fused cross-entropy."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

import ce_core
from benchmarks.pairs import Action, time_pairs
from benchmarks.report import RATIO_HEADER, Effort, Section, add_ratio

_SHAPE = (4096, 1000)


def measure_loss_functions(effort: Effort) -> Section:
    """Time values, gradients and the two together; what is compared is checked to agree."""
    section = Section(
        "Losses and gradients",
        f"{list(_SHAPE)}, float32. Where torch computes the same thing (a distribution as target) "
        "there is a target. It has no logit gap and no gradient without autograd, and with a class "
        "index as target it reads one column where ours reads a one-hot row: those rows have none.",
        RATIO_HEADER,
    )
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(_SHAPE, generator=generator)
    q = torch.softmax(torch.randn(_SHAPE, generator=generator), -1)
    index = torch.randint(_SHAPE[1], _SHAPE[:1], generator=generator)
    one_hot = F.one_hot(index, _SHAPE[1]).to(a.dtype)
    leaf = a.clone().requires_grad_()

    def ours(q: Tensor) -> Tensor:
        return ce_core.cross_entropy(a, q)

    def fused(target: Tensor) -> Tensor:
        return F.cross_entropy(a, target, reduction="none")

    def ours_backward(q: Tensor) -> Tensor:
        return torch.autograd.grad(ce_core.cross_entropy(leaf, q).sum(), leaf)[0]

    def fused_backward(target: Tensor) -> Tensor:
        return torch.autograd.grad(F.cross_entropy(leaf, target, reduction="sum"), leaf)[0]

    def gap_backward(q: Tensor) -> Tensor:
        return torch.autograd.grad(ce_core.logit_gap(leaf, q).sum(), leaf)[0]

    fused_name, index_name = "`F.cross_entropy`", "`F.cross_entropy`, class index"
    grad_name = "`F.cross_entropy` and autograd"
    same: list[tuple[str, str, Action, Action]] = [
        ("`cross_entropy`", fused_name, lambda: ours(q), lambda: fused(q)),
        (
            "`cross_entropy`, forward and backward",
            grad_name,
            lambda: ours_backward(q),
            lambda: fused_backward(q),
        ),
        (
            "`cross_entropy_grad`",
            grad_name,
            lambda: ce_core.cross_entropy_grad(a, q),
            lambda: fused_backward(q),
        ),
    ]
    other: list[tuple[str, str, Action, Action]] = [
        ("`cross_entropy`, one-hot", index_name, lambda: ours(one_hot), lambda: fused(index)),
        (
            "`cross_entropy`, one-hot, forward and backward",
            f"{grad_name}, class index",
            lambda: ours_backward(one_hot),
            lambda: fused_backward(index),
        ),
        ("`logit_gap`", fused_name, lambda: ce_core.logit_gap(a, q), lambda: fused(q)),
        (
            "`logit_gap`, forward and backward",
            grad_name,
            lambda: gap_backward(q),
            lambda: fused_backward(q),
        ),
        (
            "`logit_gap_grad`",
            grad_name,
            lambda: ce_core.logit_gap_grad(a, q),
            lambda: fused_backward(q),
        ),
    ]
    for rows, target in ((same, 1.3), (other, None)):
        for case, against, mine, theirs in rows:
            if target is not None:
                torch.testing.assert_close(mine(), theirs(), rtol=1e-4, atol=1e-5)
            times = time_pairs(
                mine, theirs, pairs=effort.pairs, least=effort.least, seconds=effort.seconds
            )
            add_ratio(section, case, against, times, at_most_times=target)
    return section
