"""Descent by the three gradients, and where the one of L2 in full ends."""

import math

import mpmath
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    DESCENTS,
    cross_entropy,
    descent_paths,
    entropy,
    lambert_w,
    logit_gap,
    logit_gap_grad,
    logit_gap_minimum,
    smoothed_target,
    softmax,
)
from ce_core.probability.targets import merge_classes
from tests.support.cases import FLOATS, tensor64
from tests.support.closeness import close_to

TARGETS = {
    "one-hot 2": [1.0, 0.0],
    "one-hot 3": [0.0, 1.0, 0.0],
    "smoothed": [0.9, 0.05, 0.05],
    "free": [0.6, 0.3, 0.1],
    "two of four": [0.5, 0.5, 0.0, 0.0],
    "uniform": [0.25, 0.25, 0.25, 0.25],
    "tiny": [1 - 1e-9, 1e-9, 0.0],
}


def distributions() -> st.SearchStrategy[list[float]]:
    """Return rows of weights divided by their sum, some of them 0."""
    weights = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1.0)), min_size=2, max_size=12)
    return weights.filter(any).map(lambda row: [x / math.fsum(row) for x in row])


# Lambert's W


@pytest.mark.parametrize("x", [0.0, 5e-324, 1e-300, 1e-9, 0.1, 1.0, math.e, 30.0, 1e5, 1e300])
def test_lambert_w_is_scipys(x: float) -> None:
    assert lambert_w(tensor64(x)).item() == close_to(scipy.special.lambertw(x).real, rel=4e-16)


@given(st.floats(0, 1e308))
def test_lambert_w_solves_its_equation(x: float) -> None:
    w = lambert_w(tensor64(x)).item()
    with mpmath.workdps(50):
        assert w == close_to(float(mpmath.lambertw(x)), rel=1e-15, abs=1e-323)


def test_lambert_w_at_its_ends() -> None:
    found = lambert_w([0.0, math.e, math.inf, -0.1, math.nan]).tolist()
    assert found[:3] == [0, close_to(1, rel=1e-7), math.inf]
    assert all(map(math.isnan, found[3:]))


def test_lambert_w_has_the_derivative_of_the_closed_form() -> None:
    x = tensor64(0.0, 0.3, 1.0, 7.0, 1e4).requires_grad_()
    w = lambert_w(x)
    w.sum().backward()  # type: ignore[no-untyped-call]
    expected = (-w).exp() / (1 + w)
    torch.testing.assert_close(x.grad, expected.detach(), rtol=1e-13, atol=0)


def test_lambert_w_has_derivatives_of_every_order() -> None:
    # Of order n at 0: (-n)^(n - 1).
    x = tensor64(0.0).requires_grad_()
    slope = lambert_w(x).sum()
    for order in range(1, 7):
        (slope,) = torch.autograd.grad(slope, x, create_graph=True)
        assert slope.item() == close_to((-order) ** (order - 1), rel=1e-12)
        slope = slope.sum()
    x = tensor64(1e-300, 0.5, 40.0, 1e5)
    w = lambert_w(x)
    expected = -(2 + w) * torch.exp(-2 * w) / (1 + w) ** 3
    (slope,) = torch.autograd.grad(lambert_w(x.requires_grad_()).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), x)
    torch.testing.assert_close(second, expected, rtol=1e-12, atol=0)


def test_lambert_w_has_gradient_0_where_it_is_no_number() -> None:
    x = tensor64(math.inf, math.nan, -1.0, 1.0).requires_grad_()
    (slope,) = torch.autograd.grad(lambert_w(x).nan_to_num(0.0, 0.0).sum(), x)
    assert slope.tolist() == close_to([0, 0, 0, 0.3618962566348892], rel=1e-14)
    assert torch.autograd.grad(lambert_w(x)[0], x)[0][0] == 0


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_lambert_w_keeps_shape_and_dtype(dtype: torch.dtype) -> None:
    found = lambert_w(torch.full((2, 3), 2.0, dtype=dtype))
    assert found.shape == (2, 3)
    assert found.dtype == dtype
    assert found[0, 0].item() == close_to(0.8526, rel=1e-2)


# The minimum of L2 in full


@pytest.mark.parametrize(("classes", "confidence"), [(2, 0.782), (10, 0.476), (64, 0.302)])
def test_logit_gap_minimum_of_a_one_hot_target_is_the_closed_form(
    classes: int, confidence: float
) -> None:
    found = logit_gap_minimum(torch.eye(classes, dtype=torch.float64))
    w = scipy.special.lambertw((classes - 1) / math.e).real
    assert found.p.diagonal().tolist() == close_to([1 / (1 + w)] * classes, rel=1e-14)
    assert found.loss.tolist() == close_to([-w] * classes, rel=1e-13)
    assert found.p[0, 0].item() == close_to(confidence, abs=5e-4)


def reference(q: list[float]) -> list[float]:
    """Return p_i = q_i / W(q_i e^λ) with Σp = 1, by mpmath's own W and its own root finder."""
    with mpmath.workdps(40):

        def p(multiplier: mpmath.mpf) -> list[mpmath.mpf]:
            return [
                x / mpmath.lambertw(x * mpmath.exp(multiplier)).real if x else mpmath.exp(-multiplier)
                for x in map(mpmath.mpf, q)
            ]

        bounds = (mpmath.mpf("0.999"), 1.001 + mpmath.log(len(q)))
        root = mpmath.findroot(lambda x: mpmath.fsum(p(x)) - 1, bounds, solver="anderson", tol=1e-30)
        return [float(x) for x in p(root)]


@pytest.mark.parametrize("q", TARGETS.values(), ids=TARGETS.keys())
def test_logit_gap_minimum_is_mpmaths(q: list[float]) -> None:
    assert logit_gap_minimum(tensor64(*q)).p.tolist() == close_to(reference(q), rel=1e-13)


@given(distributions())
def test_logit_gap_minimum_is_where_the_gradient_in_full_vanishes(q: list[float]) -> None:
    target = tensor64(*q)
    found = logit_gap_minimum(target)
    assert found.p.sum().item() == close_to(1, abs=1e-14)
    gradient = logit_gap_grad(found.p.log(), target)
    assert gradient.abs().max() < 1e-13
    assert found.multiplier.item() == close_to(1 + entropy(found.p).item(), rel=1e-14)
    assert found.loss.item() == close_to(logit_gap(found.p.log(), target).item(), abs=1e-13)


@given(distributions())
def test_logit_gap_minimum_is_lower_than_any_other_point(q: list[float]) -> None:
    target = tensor64(*q)
    lowest = logit_gap_minimum(target).loss
    generator = torch.Generator().manual_seed(0)
    a = 4 * torch.randn(200, len(q), generator=generator, dtype=torch.float64)
    assert (logit_gap(a, target) >= lowest - 1e-13).all()


@pytest.mark.parametrize("classes", [1, 2, 7, 1000])
def test_logit_gap_minimum_of_a_uniform_target_is_the_target(classes: int) -> None:
    q = torch.full((classes,), 1 / classes, dtype=torch.float64)
    torch.testing.assert_close(logit_gap_minimum(q).p, q, rtol=1e-13, atol=0)


@given(distributions())
def test_logit_gap_minimum_misses_every_other_target(q: list[float]) -> None:
    found = logit_gap_minimum(tensor64(*q)).p
    uneven = max(q) - 1 / len(q)
    assert ((found - tensor64(*q)).abs().max().item() > 1e-3 * uneven) or uneven < 1e-12


def test_logit_gap_minimum_takes_batches_and_many_classes() -> None:
    q = torch.zeros(2, 3, 10_000, dtype=torch.float64)
    q[..., 0] = 1
    q[1, 2] = 1e-4
    found = logit_gap_minimum(q)
    assert found.multiplier.shape == found.loss.shape == (2, 3)
    w = scipy.special.lambertw(9999 / math.e).real
    assert found.p[0, 0, 0].item() == close_to(1 / (1 + w), rel=1e-12)
    assert found.p[1, 2, 0].item() == close_to(1e-4, rel=1e-12)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_logit_gap_minimum_rounds_once(dtype: torch.dtype) -> None:
    found = logit_gap_minimum(tensor64(1.0, 0.0, 0.0).to(dtype))
    exact = logit_gap_minimum(tensor64(1.0, 0.0, 0.0))
    assert found.p.dtype == found.loss.dtype == dtype
    torch.testing.assert_close(found.p, exact.p.to(dtype), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("q", "message"),
    [
        ([0.5, -0.5, 1.0], r"q must be finite and >= 0, got \[0.5, -0.5, 1.0\]"),
        ([0.5, math.nan], "q must be finite"),
        ([0.5, 0.4], r"q must sum to 1 within 0.01, got"),
        ([], "q must have at least 1 entries"),
    ],
    ids=str,
)
def test_logit_gap_minimum_refuses(q: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        logit_gap_minimum(q)


# Descent


def by_autograd(a: Tensor, q: Tensor, *, name: str, rate: float, steps: int) -> Tensor:
    """Return the path of p by autograd of the loss itself, step by step."""
    path = [a]
    for _ in range(steps):
        x = path[-1].clone().requires_grad_()
        if name == "l1":
            loss = cross_entropy(x, q)
        elif name == "l2":
            loss = logit_gap(x, q)
        else:
            loss = ((softmax(x).detach() - q) * x).sum()
        (gradient,) = torch.autograd.grad(loss, x)
        path.append(path[-1] - rate * gradient)
    return torch.stack(path)


@pytest.mark.parametrize("name", DESCENTS)
@pytest.mark.parametrize("q", [[1.0, 0.0, 0.0], [0.6, 0.3, 0.1]], ids=str)
def test_descent_paths_follow_autograd(name: str, q: list[float]) -> None:
    a, target = tensor64(2.5, 0.5, -1.0), tensor64(*q)
    found = descent_paths(a, target, learning_rate=0.7, steps=40)
    expected = by_autograd(a, target, name=name, rate=0.7, steps=40)
    index = found.names.index(name)
    torch.testing.assert_close(found.a[index], expected, rtol=0, atol=1e-13)
    torch.testing.assert_close(found.p[index], softmax(expected), rtol=0, atol=1e-13)


def test_descent_paths_of_l1_and_of_l2_held_agree() -> None:
    generator = torch.Generator().manual_seed(0)
    a = 3 * torch.randn(20, 5, generator=generator, dtype=torch.float64)
    q = torch.randn(20, 5, generator=generator, dtype=torch.float64).softmax(-1)
    found = descent_paths(a, q, learning_rate=1.0, steps=300)
    # Σq is 1 up to rounding, and each gradient rounds in its own way.
    torch.testing.assert_close(found.a[0], found.a[1], rtol=0, atol=1e-12)
    miss = (found.p[:, -1] - q).abs().amax(-1)
    assert (miss[0] < 0.1 * miss[2]).all()


@pytest.mark.parametrize("q", TARGETS.values(), ids=TARGETS.keys())
@pytest.mark.parametrize("start", [1.0, -1.5])
def test_descent_paths_of_l2_in_full_end_at_the_closed_form(q: list[float], start: float) -> None:
    a = tensor64(start, *[0.3 * k for k in range(len(q) - 1)])
    end = descent_paths(a, q, steps=400).p[2, -1]
    assert (end - logit_gap_minimum(tensor64(*q)).p).abs().max() < 1e-6


def test_descent_paths_lower_their_losses_and_keep_the_sum_of_the_logits() -> None:
    a, q = tensor64(-1.0, 2.0, 0.5), tensor64(0.7, 0.2, 0.1)
    found = descent_paths(a, q, steps=100)
    assert (cross_entropy(found.a[0], q).diff() <= 1e-15).all()
    assert (logit_gap(found.a[2], q).diff() <= 1e-15).all()
    torch.testing.assert_close(found.a.sum(-1), a.sum().expand(3, 101), rtol=0, atol=1e-12)


def test_descent_paths_of_l2_in_full_hardly_move_far_out() -> None:
    found = descent_paths([30.0, 0.0], [1.0, 0.0], steps=100)
    assert (found.a[2] - found.a[2, 0]).abs().max() < 1e-6
    assert found.p[2, -1, 0] > 0.99


@pytest.mark.parametrize("dtype", FLOATS)
def test_descent_paths_go_on_from_the_ends_of_a_dtype(dtype: torch.dtype) -> None:
    most = torch.finfo(dtype).max
    a = torch.tensor([most, -most, -torch.inf, 0.0], dtype=dtype)
    found = descent_paths(a, [0.0, 1.0, 0.0, 0.0], steps=3)
    assert found.a[..., [0, 1, 3]].isfinite().all()
    assert found.p[:, -1].tolist() == [[1, 0, 0, 0]] * 3


def test_descent_paths_take_a_rate_beyond_the_dtype() -> None:
    found = descent_paths(torch.zeros(2), [1.0, 0.0], learning_rate=1e300, steps=1)
    assert found.a[0, 1].tolist() == [torch.inf, -torch.inf]


def test_descent_paths_without_steps_are_the_start() -> None:
    found = descent_paths([[1.0, 0.0], [0.0, 2.0]], [1.0, 0.0], steps=0)
    assert found.a.shape == found.p.shape == (3, 1, 2, 2)
    assert found.a[1, 0].tolist() == [[1, 0], [0, 2]]


def test_descent_paths_leave_no_graph() -> None:
    a = tensor64(1.0, 0.0).requires_grad_()
    assert not descent_paths(a, [1.0, 0.0], steps=2).a.requires_grad


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be finite and > 0, got 0.0"),
        ({"learning_rate": math.inf}, "learning_rate must be finite"),
        ({"steps": -1}, "steps must be an integer >= 0, got -1"),
    ],
    ids=str,
)
def test_descent_paths_refuse(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        descent_paths([1.0, 0.0], [1.0, 0.0], **options)  # type: ignore[arg-type]


def test_descent_paths_refuse_a_target_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"^q must have the last dimension of a, 2"):
        descent_paths([1.0, 0.0], [1.0, 0.0, 0.0])


# Targets


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_smoothed_target_is_the_mixture(smoothing: float) -> None:
    q = smoothed_target(2, 5, smoothing=smoothing)
    expected = (1 - smoothing) * np.eye(5)[2] + smoothing / 5
    np.testing.assert_allclose(q, expected, rtol=1e-15)
    assert q.sum().item() == close_to(1, abs=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 3, "classes": 3}, "target must be an integer >= 0 and < 3, got 3"),
        ({"target": 0, "classes": 0}, "classes must be an integer >= 1, got 0"),
        ({"target": 0, "classes": 2, "smoothing": 1.5}, "smoothing must be .* and <= 1, got 1.5"),
        ({"target": 0, "classes": 2, "smoothing": -0.5}, "smoothing must be finite and >= 0"),
    ],
    ids=str,
)
def test_smoothed_target_refuses(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        smoothed_target(**arguments)  # type: ignore[arg-type]


def test_merge_classes_sums_to_one_and_keeps_two() -> None:
    p = softmax(torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    found = merge_classes(p, (4, 1))
    torch.testing.assert_close(found[..., :2], p[..., [4, 1]], rtol=0, atol=0)
    torch.testing.assert_close(found.sum(-1), torch.ones(4, dtype=torch.float64), rtol=1e-14, atol=0)
    assert merge_classes(tensor64(0.25, 0.75), (1, 0)).tolist() == [0.75, 0.25, 0]


@pytest.mark.parametrize("kept", [(0, 0), (0, 2), (-1, 0)], ids=str)
def test_merge_classes_refuses(kept: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"^kept must be"):
        merge_classes(tensor64(0.25, 0.75), kept)
