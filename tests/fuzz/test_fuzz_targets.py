"""Targets, their minimum, descents and the centring check, by mpmath, fractions and autograd."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import check_sum, descent_paths, lambert_w, logit_gap_minimum, smoothed_target, sum_errors
from ce_core.probability.targets import merge_classes
from tests.fuzz.strategies import Draw, batches, distributions, dtypes, seldom, vectors, widths
from tests.support.closeness import close_to

DIGITS = 40
WIDE = st.sampled_from([torch.float64, torch.float32])


@given(st.lists(st.floats(0, 1e308) | st.floats(0, 10) | st.floats(0, 1e-300), min_size=1, max_size=6))
def test_lambert_w_is_right_within_rounding(x: list[float]) -> None:
    with mpmath.workdps(DIGITS):
        known = [float(mpmath.lambertw(value)) for value in x]
    found = lambert_w(torch.tensor(x, dtype=torch.float64))
    np.testing.assert_allclose(found, known, rtol=4e-16, atol=0)


@given(st.floats(max_value=-1e-300) | st.just(math.nan))
def test_lambert_w_is_nan_where_it_has_another_branch(x: float) -> None:
    assert lambert_w(torch.tensor([x], dtype=torch.float64)).isnan().all()


@st.composite
def targets(draw: Draw) -> Tensor:
    return draw(distributions(draw(dtypes), (*draw(batches), draw(widths))))  # type: ignore[no-any-return]


@given(targets())
def test_logit_gap_minimum_is_where_the_gradient_vanishes(q: Tensor) -> None:
    found = logit_gap_minimum(q)
    assert found.p.shape == q.shape
    assert found.p.dtype == q.dtype
    unit = 8 * q.shape[-1] * torch.finfo(q.dtype).eps
    for q_row, p_row in zip(q.reshape(-1, q.shape[-1]), found.p.reshape(-1, q.shape[-1]), strict=True):
        with mpmath.workdps(DIGITS):
            q_true = [mpmath.mpf(value) for value in q_row.tolist()]
            q_true = [value / mpmath.fsum(q_true) for value in q_true]
            p_true = [mpmath.mpf(value) for value in p_row.tolist()]
            logs = [mpmath.log(value) for value in p_true]
            level = 1 - mpmath.fsum(p * log for p, log in zip(p_true, logs, strict=True))
            miss = [
                float(p * (log + level) - q) for p, log, q in zip(p_true, logs, q_true, strict=True)
            ]
        assert abs(sum(p_row.double().tolist()) - 1) < unit
        np.testing.assert_allclose(miss, 0, atol=4 * unit)


@st.composite
def rows_and_pairs(draw: Draw) -> tuple[Tensor, tuple[int, int]]:
    m = draw(st.integers(2, 7))
    p = draw(distributions(draw(dtypes), (*draw(batches), m)))
    first, second = draw(st.permutations(range(m)))[:2]
    return p, (first, second)


@given(rows_and_pairs())
def test_merge_classes_keeps_two_and_the_sum(case: tuple[Tensor, tuple[int, int]]) -> None:
    p, kept = case
    found = merge_classes(p, kept)
    assert found.shape == (*p.shape[:-1], 3)
    assert found.dtype == p.dtype
    rows, merged = p.reshape(-1, p.shape[-1]).tolist(), found.reshape(-1, 3).tolist()
    for row, (first, second, rest) in zip(rows, merged, strict=True):
        assert (first, second) == (row[kept[0]], row[kept[1]])
        others = math.fsum(value for i, value in enumerate(row) if i not in kept)
        assert rest == close_to(others, rel=8 * torch.finfo(p.dtype).eps)


@given(st.data(), st.integers(1, 9), st.floats(0, 1) | st.sampled_from([0.0, 1.0, 5e-324]))
def test_smoothed_target_is_the_fraction(data: st.DataObject, classes: int, smoothing: float) -> None:
    target = data.draw(st.integers(0, classes - 1))
    found = smoothed_target(target, classes, smoothing=smoothing).tolist()
    share = Fraction(smoothing) / classes
    known = [share + (1 - Fraction(smoothing)) * (i == target) for i in range(classes)]
    np.testing.assert_allclose(found, [float(x) for x in known], rtol=1e-15, atol=5e-324)


@given(st.integers(1, 9), st.floats(1.0000001, 1e300) | st.floats(-1e300, -1e-300))
def test_smoothed_target_refuses_other_smoothing(classes: int, smoothing: float) -> None:
    with pytest.raises(ValueError, match="smoothing must be"):
        smoothed_target(0, classes, smoothing=smoothing)


@st.composite
def weights_and_values(draw: Draw) -> tuple[Tensor, Tensor]:
    dtype, m = draw(WIDE), draw(widths)
    return draw(distributions(dtype, (m,))), draw(vectors(dtype, (m,), share=0.25))


@given(weights_and_values(), st.none() | st.floats(-1e30, 1e30))
def test_check_centring_adds_up_exactly(pair: tuple[Tensor, Tensor], mean: float | None) -> None:
    p, a = pair
    found = check_sum(p, a, mean=mean)
    with mpmath.workdps(1500):
        pairs = [(mpmath.mpf(w), mpmath.mpf(v)) for w, v in zip(p.tolist(), a.tolist(), strict=True)]
        exact = mpmath.fsum(w * (v - found.mean) for w, v in pairs)
        size = float(mpmath.fsum(abs(w) * (abs(v) + abs(found.mean)) for w, v in pairs))
        # To float mpmath rounds twice where the result is subnormal.
        nearest = [
            found.exact_total,
            *(math.nextafter(found.exact_total, x) for x in (-math.inf, math.inf)),
        ]
        assert abs(found.exact_total - exact) == min(abs(x - exact) for x in nearest)
        known = float(exact)
    assert found.elements.sum().item() == found.total
    info = torch.finfo(p.dtype)
    assert abs(found.total - known) <= 8 * len(p) * (info.eps * size + info.smallest_normal * info.eps)


@given(WIDE, st.sampled_from([math.inf, -math.inf, math.nan]))
def test_check_centring_refuses_a_mean_that_is_not_finite(dtype: torch.dtype, mean: float) -> None:
    with pytest.raises(ValueError, match="mean must be finite"):
        check_sum(torch.ones(1, dtype=dtype), torch.ones(1, dtype=dtype), mean=mean)


@seldom
@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 2**63 - 1))
def test_centring_errors_are_those_of_the_check(draws: int, m: int, seed: int) -> None:
    found = sum_errors(draws=draws, m=m, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(draws, m, generator=generator, dtype=torch.float64)
    weights = torch.rand(draws, m, generator=generator, dtype=torch.float64)
    for i, name in enumerate(found.dtypes):
        dtype: torch.dtype = getattr(torch, name)
        assert found.eps[i] == np.finfo(name).eps
        a, p = values.to(dtype), weights.to(dtype)
        p = p / p.sum(-1, keepdim=True)
        with mpmath.workdps(DIGITS):
            for error, p_row, a_row in zip(
                found.errors[i].tolist(), p.tolist(), a.tolist(), strict=True
            ):
                mean = mpmath.fsum(w * mpmath.mpf(v) for w, v in zip(p_row, a_row, strict=True))
                missed = mean * (1 - mpmath.fsum(p_row))
                assert abs(error - float(missed) / found.eps[i]) <= 2 * m
        assert found.counts[i].sum() == draws
        assert found.edges[0] <= found.errors[i].min()
        assert found.errors[i].max() <= found.edges[-1]


@st.composite
def starts(draw: Draw) -> tuple[Tensor, Tensor, float, int]:
    dtype, shape = draw(WIDE), (*draw(batches), draw(widths))
    a = draw(st.floats(0.1, 20)) * torch.rand(
        shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 2**32))), dtype=dtype
    )
    return a, draw(distributions(dtype, shape)), draw(st.floats(0.01, 3.0)), draw(st.integers(0, 5))


@given(starts())
def test_descent_paths_are_those_of_autograd(case: tuple[Tensor, Tensor, float, int]) -> None:
    a, q, rate, steps = case
    found = descent_paths(a, q, learning_rate=rate, steps=steps)
    assert found.a.shape == (3, steps + 1, *a.shape)
    for name, path in zip(found.names, found.a, strict=True):
        at = a.double()
        for step in range(steps + 1):
            atol = 2000 * torch.finfo(a.dtype).eps
            np.testing.assert_allclose(path[step].double(), at, rtol=1e-4, atol=atol)
            at = at - rate * _gradient(name, at, q.double())


def _gradient(name: str, a: Tensor, q: Tensor) -> Tensor:
    a = a.clone().requires_grad_()
    p = torch.softmax(a, -1)
    losses = {
        "l1": lambda: -(q * torch.log_softmax(a, -1)).sum(),
        "l2_held": lambda: ((p.detach() - q) * a).sum(),
        "l2": lambda: ((p - q) * a).sum(),
    }
    (gradient,) = torch.autograd.grad(losses[name](), a)
    return gradient
