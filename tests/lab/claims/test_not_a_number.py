"""Claims on NaN: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import math

import torch

from ce_core import (
    cross_entropy,
    trace_formula,
)
from lab.claims.claim import FALSE, TRUE
from tests.support.claims import measure
from tests.support.closeness import close_to


def test_claim_log_zero() -> None:
    first = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
    for dtype, gap in first.items():
        for steps, fails in ((gap - 1, False), (gap, True)):
            a = torch.tensor([float(steps), 0.0], dtype=getattr(torch, dtype))
            q = torch.tensor([1.0, 0.0], dtype=a.dtype)
            naive = -(q * torch.softmax(a, -1).log()).sum()
            assert naive.isnan().item() is fails
            for formula in ("logit_gap", "log_softmax"):
                trace = trace_formula(formula, a, q, dtype=dtype)
                assert trace.value_outcome == trace.gradient_outcome == "finite"
    # The same loss without NaN: not L2, but L1 from logits.
    trace = trace_formula("log_softmax", [1000.0, 0.0], [0.5, 0.5], dtype="float32")
    assert trace.value == trace.true_value == 500
    numbers = measure("log_zero", TRUE)
    assert {dtype: numbers[dtype] for dtype in first} == first
    assert all(numbers[f"{f}_{d}"] == math.inf for f in ("logit_gap", "log_softmax") for d in first)


def test_claim_subtract_maximum() -> None:
    q = torch.tensor([1.0, 0.0])
    high = torch.tensor([89.0, 88.0])
    assert -(q * (high.exp() / high.exp().sum()).log()).sum() != cross_entropy(high, q)
    shifted = (high - high.max()).exp()
    plain = -(q * (shifted / shifted.sum()).log()).sum()
    assert plain.item() == close_to(cross_entropy(high, q).item())
    apart = torch.tensor([104.0, 0.0])
    shifted = (apart - apart.max()).exp()
    assert (q * (shifted / shifted.sum()).log()).sum().isnan()
    masked = trace_formula("where_masked", apart, q, dtype="float32")
    assert (masked.value_outcome, masked.gradient_outcome) == ("finite", "nan")
    assert measure("subtract_maximum", FALSE) == {
        "naive": 89, "max_shifted": 104, "where_masked": 104,
    }  # fmt: skip


def test_claim_label_smoothing() -> None:
    numbers = measure("label_smoothing", FALSE)
    a, right = torch.tensor([2.0, 0.0, -math.inf], dtype=torch.float64), torch.tensor(0)
    loss = torch.nn.functional.cross_entropy
    assert numbers["one_hot"] == close_to(loss(a, right).item(), rel=1e-12)
    assert numbers["smoothed"] == loss(a, right, label_smoothing=0.1).item() == math.inf
    # Among the allowed classes alone smoothing is what it is without a mask.
    assert numbers["inside"] == close_to(loss(a[:2], right, label_smoothing=0.1).item(), rel=1e-12)
    masked = torch.tensor([2.0, 0.0, -1e4], dtype=torch.float64)
    assert numbers["large"] == close_to(loss(masked, right, label_smoothing=0.1).item(), rel=1e-12)
    assert numbers["large"] - numbers["inside"] == close_to(0.1 / 3 * 1e4, rel=0.01)
