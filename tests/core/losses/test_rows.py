"""Targets that the losses refuse, and digits of their gradients where one class is sure."""

import math
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch.func import grad, vmap

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    descent_paths,
    entropy,
    kl_divergence,
    kl_from_logits,
    log_softmax,
    logit_gap,
    logit_gap_grad,
    softmax,
)
from tests.support.cases import NAN, gradient, mp_softmax
from tests.support.closeness import close_to


@pytest.mark.parametrize(("dtype", "gap"), [(torch.float64, 40.0), (torch.float32, 20.0)], ids=str)
def test_gradients_of_the_losses_do_not_cancel_for_the_sure_class(
    dtype: torch.dtype, gap: float
) -> None:
    a, q = torch.tensor([gap, 0.0], dtype=dtype), torch.tensor([1.0, 0.0], dtype=dtype)
    with mpmath.workdps(50):
        small = float(mpmath.exp(-gap) / (1 + mpmath.exp(-gap)))
    found = [
        cross_entropy_grad(a, q),
        logit_gap_grad(a, q, detach_p=True),
        grad(lambda x: cross_entropy(x, q))(a),
        grad(lambda x: kl_from_logits(q, x))(a),
    ]
    for slope in found:
        assert slope.tolist() == close_to([-small, small], rel=1e-6)
        assert slope.sum() == 0


@pytest.mark.parametrize(
    ("dtype", "a", "q"),
    [
        (torch.float32, [20.0, 20.0, 0.0], [0.5, 0.5, 0.0]),
        (torch.float32, [90.0, 90.0, 90.0, 90.0, 0.0, 3.0], [0.25, 0.25, 0.25, 0.25, 0.0, 0.0]),
        (torch.float32, [20.0, 19.0, 0.0], [0.731058578, 0.268941422, 0.0]),
        (torch.float32, [3.0, 1.0, 0.5], [0.820962, 0.111105, 0.067388]),
        (torch.float64, [40.0, 40.0, 0.0], [0.5, 0.5, 0.0]),
        (torch.float64, [300.0, 300.0, 300.0, 300.0, 10.0, 0.0], [0.25, 0.25, 0.25, 0.25, 0.0, 0.0]),
    ],
    ids=str,
)
def test_gradients_of_the_losses_do_not_cancel_where_several_classes_are_sure(
    dtype: torch.dtype, a: list[float], q: list[float]
) -> None:
    logits, target = torch.tensor(a, dtype=dtype), torch.tensor(q, dtype=dtype)
    weights = target.tolist()
    with mpmath.workdps(300):
        powers = [mpmath.exp(x) for x in logits.tolist()]
        p, total = [x / mpmath.fsum(powers) for x in powers], mpmath.fsum(weights)
        weighted = [float(total * x - y) for x, y in zip(p, weights, strict=True)]
        held = [float(x - y) for x, y in zip(p, weights, strict=True)]
    assert logit_gap_grad(logits, target, detach_p=True).tolist() == close_to(held, rel=2e-5)
    for found in (
        cross_entropy_grad(logits, target),
        grad(lambda x: cross_entropy(x, target))(logits),
        gradient(lambda x: cross_entropy(x, target), logits),
        gradient(lambda x: kl_from_logits(target, x), logits),
        gradient(lambda x: kl_divergence(target, softmax(x)), logits),
        gradient(lambda x: -(target * log_softmax(x)), logits),
    ):
        assert found.tolist() == close_to(weighted, rel=2e-5)


@pytest.mark.parametrize("numbers", [[70000.0, 0.0], [70000, 0], np.array([70000, 0])], ids=str)
def test_numbers_beside_a_half_type_are_not_rounded_to_it(numbers: Any) -> None:
    q = torch.tensor([1.0, 0.0], dtype=torch.float16)
    loss = cross_entropy(numbers, q)
    assert loss.dtype == torch.float16
    assert loss == 0


@pytest.mark.parametrize("q", [np.array([5, 7, -100]), np.array([0, 1, 2])], ids=str)
def test_class_indices_are_refused_as_a_target(q: Any) -> None:
    for function in (cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad):
        with pytest.raises(ValueError, match=r"^q must be .* one_hot\(y, m\)"):
            function(torch.zeros(3, 3), q)
    with pytest.raises(ValueError, match=r"^q must be >= 0, got -100$"):
        cross_entropy(torch.zeros(3, 3), [5.0, 7.0, -100.0])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradients_are_right_where_only_the_sum_of_the_weights_overflows(dtype: torch.dtype) -> None:
    large = 2.0**1023 if dtype == torch.float64 else 2.0**127
    gap = math.log(3)
    # Beside an ordinary row, one without a value, and one that agrees.
    a = torch.tensor([[0.0, gap], [0.0, gap], [NAN, gap], [0.0, 0.0]], dtype=dtype)
    q = torch.tensor([[large, large], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], dtype=dtype)
    true = torch.tensor([[-large / 2, large / 2], [-0.5, 0.5], [NAN, NAN], [0.0, 0.0]], dtype=dtype)
    found = [
        cross_entropy_grad(a, q),
        gradient(lambda x: cross_entropy(x, q).sum(), a),
        gradient(lambda x: kl_from_logits(q, x).sum(), a),
        -grad(lambda x: (log_softmax(x) * q).sum())(a),
    ]
    for slopes in found:
        torch.testing.assert_close(slopes, true, rtol=1e-6, atol=0, equal_nan=True)


LOSSES = [cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad]
OF_DISTRIBUTIONS = [logit_gap, logit_gap_grad, partial(logit_gap_grad, detach_p=True)]


@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("rows", [1, 300])
def test_a_negative_weight_is_refused_in_any_row(function: Any, rows: int) -> None:
    a, q = torch.randn(rows, 1000), torch.full((rows, 1000), 1e-3)
    q[-1, :2] = torch.tensor([-0.5, 0.502])
    for call in (function, vmap(function)):
        with pytest.raises(ValueError, match=r"^q must be >= 0, got -0\.5$"):
            call(a, q)
    with pytest.raises(ValueError, match=r"^q must be >= 0, got -0\.5$"):
        function(a.requires_grad_(), q)


@pytest.mark.parametrize("function", OF_DISTRIBUTIONS)
def test_a_sum_that_is_not_one_is_refused_where_the_form_asks_for_it(function: Any) -> None:
    a = torch.zeros(2, 4)
    with pytest.raises(ValueError, match=r"^q must sum to 1 within 0\.01, got 2$"):
        function(a, [[0.25] * 4, [0.5] * 4])
    # A masked row, what half types round, and NaN pass.
    function(a, [[0.0] * 4, [0.251] * 4])
    function(a.requires_grad_(), torch.tensor([[0.0] * 4, [NAN] * 4]))


def test_weights_of_the_cross_entropy_need_no_sum_and_may_be_nan() -> None:
    a = torch.zeros(3, 4)
    loss = cross_entropy(a, [[0.5] * 4, [0.0] * 4, [NAN] * 4])
    assert loss[:2].tolist() == close_to([2 * math.log(4), 0.0], rel=1e-6)
    assert loss[2].isnan()


@pytest.mark.parametrize(("dtype", "unit"), [(torch.float64, 2.0**-53), (torch.float32, 2.0**-24)])
@pytest.mark.parametrize("shift", [0.0, 1e-9, 1e-4, 0.1])
def test_logit_gap_near_the_target_is_within_the_error_it_states(
    dtype: torch.dtype, unit: float, shift: float
) -> None:
    a = torch.randn(40, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 5
    q = (a + shift * a.roll(1, -1)).softmax(-1).to(dtype)
    a = a.to(dtype)
    for row, target, found in zip(a.tolist(), q.tolist(), logit_gap(a, q).tolist(), strict=True):
        with mpmath.workdps(50):
            gaps = [mpmath.mpf(x) - max(row) for x in row]
            p = mp_softmax(row)
            pairs = list(zip(p, target, gaps, strict=True))
            known = mpmath.fsum((x - y) * gap for x, y, gap in pairs)
            size = mpmath.fsum((x + y) * abs(gap) for x, y, gap in pairs)
            assert abs(found - known) <= len(row) * unit * size


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_divergences_and_entropies_are_never_below_zero(dtype: torch.dtype) -> None:
    a = torch.randn(500, 6, generator=torch.Generator().manual_seed(0)).to(dtype) * 4
    q = softmax(a)
    for p in (q, q.nextafter(torch.ones_like(q))):
        assert (kl_divergence(q, p) >= 0).all()
        assert (kl_divergence(p, q) >= 0).all()
    one_hot = torch.eye(6, dtype=dtype)
    for value in (entropy(one_hot), kl_divergence(one_hot, one_hot), kl_divergence(q, q)):
        assert not value.any()
        assert not torch.signbit(value).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_lists_beside_a_half_type_keep_their_digits_in_descents(dtype: torch.dtype) -> None:
    q = torch.tensor([1.0, 0.0], dtype=dtype)
    found = descent_paths([70000.0, 70001.0], q, steps=3)
    assert found.p.dtype == dtype
    wide = descent_paths([70000.0, 70001.0], q.double(), steps=3)
    torch.testing.assert_close(found.p.double(), wide.p, rtol=0, atol=4e-3)


@pytest.mark.parametrize("weight", [2.0, 1.0])
@pytest.mark.parametrize("loss", [cross_entropy, logit_gap], ids=["cross_entropy", "logit_gap"])
def test_backward_may_be_run_again_where_the_graph_is_kept(loss: Any, weight: float) -> None:
    a = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]], requires_grad=True)
    q = torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    # Of a plain sum the factor of each row is the same 1.
    total = loss(a, q).sum() if weight == 1 else (torch.tensor([weight, 0.0]) * loss(a, q)).sum()
    first, second = (torch.autograd.grad(total, a, retain_graph=True)[0] for _ in range(2))
    assert first.data_ptr() != second.data_ptr()
    (last,) = torch.autograd.grad(total, a)
    assert first.equal(second)
    assert first.equal(last)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(total, a)
