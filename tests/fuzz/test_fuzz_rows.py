"""Functions of rows against mpmath: every dtype, every size of number, ties, -inf, +inf and NaN."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    centred_product,
    cross_entropy,
    cross_entropy_grad,
    entropy,
    entropy_from_logits,
    js_from_logits,
    kl_divergence,
    kl_from_logits,
    log_softmax,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    softmax,
    softmax_jacobian,
    softmax_jvp,
)
from tests.fuzz import reference
from tests.fuzz.reference import assert_known, of_distributions, of_logits
from tests.fuzz.strategies import (
    Draw,
    batches,
    distributions,
    dtypes,
    logits,
    logits_and_targets,
    shapes_that_broadcast,
    vectors,
    widths,
)
from tests.support.cases import INF, NAN, ROW_FUNCTIONS, RowFunction

Pair = tuple[Tensor, Tensor]
EXCLUDED = (-INF,)
# Values whose differences from a mean, up to twice as large, are numbers of the dtype.
ROOM = 0.25
PAIR = [0.5, 0.5]


# The true value


@given(logits())
def test_softmax_is_right_within_rounding(a: Tensor) -> None:
    assert_known(softmax(a), of_logits(reference.softmax, a), entries=a.shape[-1])


@given(logits())
def test_log_softmax_is_right_within_rounding(a: Tensor) -> None:
    assert_known(log_softmax(a), of_logits(reference.log_softmax, a), entries=a.shape[-1])


@given(logits())
def test_softmax_jacobian_is_right_within_rounding(a: Tensor) -> None:
    known = of_logits(reference.softmax_jacobian, a)
    assert_known(softmax_jacobian(a), known, entries=a.shape[-1] ** 2)


@st.composite
def logits_and_directions(draw: Draw) -> Pair:
    first, second = draw(shapes_that_broadcast())
    dtype = draw(dtypes)
    return draw(vectors(dtype, first, special=(-INF, INF, NAN))), draw(
        vectors(dtype, second, share=ROOM)
    )


@given(logits_and_directions())
def test_softmax_jvp_is_right_within_rounding(pair: Pair) -> None:
    least = torch.finfo(torch.promote_types(pair[0].dtype, torch.float32)).smallest_normal
    known = of_logits(partial(reference.softmax_jvp, smallest_normal=least), *pair)
    assert_known(softmax_jvp(*pair), known, entries=pair[0].shape[-1])


@st.composite
def weights_and_values(draw: Draw) -> Pair:
    """Draw p and a, with a = -inf only where p is 0."""
    first, second = draw(shapes_that_broadcast())
    dtype = draw(dtypes)
    p, a = draw(distributions(dtype, first)), draw(vectors(dtype, second, share=ROOM))
    if draw(st.booleans()):
        never = p.broadcast_to(np.broadcast_shapes(first, second)) == 0
        a = torch.where(never, -INF, a)
    return p, a


@given(weights_and_values())
def test_centred_product_is_right_within_rounding(pair: Pair) -> None:
    known = of_distributions(reference.centred_product, *pair)
    assert_known(centred_product(*pair), known)


@st.composite
def one_distribution(draw: Draw) -> Tensor:
    return draw(distributions(draw(dtypes), (*draw(batches), draw(widths))))  # type: ignore[no-any-return]


@st.composite
def two_distributions(draw: Draw) -> Pair:
    first, second = draw(shapes_that_broadcast())
    dtype = draw(dtypes)
    return draw(distributions(dtype, first)), draw(distributions(dtype, second))


@given(one_distribution())
def test_entropy_is_right_within_rounding(p: Tensor) -> None:
    assert_known(entropy(p), of_distributions(reference.entropy, p))


@given(two_distributions())
def test_kl_divergence_is_right_within_rounding(pair: Pair) -> None:
    assert_known(kl_divergence(*pair), of_distributions(reference.kl_divergence, *pair))


@given(logits_and_targets())
def test_cross_entropy_is_right_within_rounding(pair: Pair) -> None:
    assert_known(cross_entropy(*pair), of_logits(reference.cross_entropy, *pair))


@given(logits_and_targets())
def test_cross_entropy_grad_is_right_within_rounding(pair: Pair) -> None:
    known = of_logits(reference.cross_entropy_grad, *pair)
    assert_known(cross_entropy_grad(*pair), known, entries=pair[0].shape[-1])


@given(logits_and_targets())
def test_logit_gap_is_right_within_rounding(pair: Pair) -> None:
    assert_known(logit_gap(*pair), of_logits(reference.logit_gap, *pair))


@given(logits_and_targets(), st.booleans())
def test_logit_gap_grad_is_right_within_rounding(pair: Pair, detach_p: bool) -> None:
    known = of_logits(reference.logit_gap_grad, *pair, detach_p=detach_p)
    assert_known(logit_gap_grad(*pair, detach_p=detach_p), known, entries=pair[0].shape[-1])


@given(logits())
def test_logit_gap_residual_is_right_within_rounding(a: Tensor) -> None:
    known = of_logits(reference.logit_gap_residual, a)
    assert_known(logit_gap_residual(a), known, entries=a.shape[-1])


# Derivatives


def by_autograd(function: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """Return the gradient, in the dtype in which half types are computed."""
    a = a.to(torch.promote_types(a.dtype, torch.float32)).requires_grad_()
    (result,) = torch.autograd.grad(function(a).sum(), a)
    return result


def expanded(a: Tensor, q: Tensor) -> Pair:
    """Return both with the shape of the result, so that gradients are those of single rows."""
    shape = np.broadcast_shapes(a.shape, q.shape)
    return a.expand(shape), q.expand(shape)


@given(logits_and_targets(special=EXCLUDED))
def test_cross_entropy_gradient_by_autograd_is_p_minus_q(pair: Pair) -> None:
    a, q = expanded(*pair)
    found, loss = by_autograd(lambda x: cross_entropy(x, q.to(x.dtype)), a), cross_entropy(a, q)
    # Where L1 itself is infinite, or there is no softmax, there is no gradient.
    kept = loss.isfinite()
    known = of_logits(reference.cross_entropy_grad, a[kept], q[kept])
    assert_known(found[kept], known, entries=a.shape[-1])


@given(logits_and_targets(special=EXCLUDED))
def test_logit_gap_gradient_by_autograd_has_the_residual(pair: Pair) -> None:
    a, q = expanded(*pair)
    found, loss = by_autograd(lambda x: logit_gap(x, q.to(x.dtype)), a), logit_gap(a, q)
    kept = loss.isfinite()
    known = of_logits(reference.logit_gap_grad, a[kept], q[kept], detach_p=False)
    assert_known(found[kept], known, entries=a.shape[-1])


@given(logits(special=EXCLUDED))
def test_entropy_gradient_by_autograd_is_finite_and_minus_the_residual(a: Tensor) -> None:
    # dH/da = -J log p = -J a, since J sees no constant.
    a = a[(a > -INF).any(-1)]
    found = by_autograd(lambda x: entropy(softmax(x)), a)
    residual = logit_gap_residual(a.to(found.dtype))
    unit = torch.finfo(found.dtype).eps
    # A log p of size g is rounded by g, and p g < 1 for every g.
    torch.testing.assert_close(found, -residual, rtol=0, atol=32 * a.shape[-1] * unit)


@given(logits_and_targets(special=EXCLUDED))
def test_kl_divergence_gradient_by_autograd_is_p_minus_q(pair: Pair) -> None:
    a, q = expanded(*pair)
    q = q / q.sum(-1, keepdim=True)
    p = softmax(a)
    kept = kl_divergence(q, p).isfinite() & p.isfinite().all(-1)
    wide = torch.promote_types(a.dtype, torch.float32)
    a, q = a[kept].to(wide), q[kept].to(wide)
    # Where p underflows in the wider type, its logarithm has no gradient.
    kept = ((softmax(a) > torch.finfo(wide).smallest_normal) | (q == 0)).all(-1)
    a, q = a[kept], q[kept]
    found = by_autograd(lambda x: kl_divergence(q, softmax(x)), a)
    assert_known(found, of_logits(reference.cross_entropy_grad, a, q), entries=a.shape[-1])


@st.composite
def sure_rows(draw: Draw, *, dtype: st.SearchStrategy[torch.dtype] = dtypes) -> Pair:
    """Draw logits whose softmax is sure, subnormal or 0 for some class, and a target."""
    kind, m = draw(dtype), draw(st.integers(2, 5))
    gap = st.floats(0, 20) | st.floats(80, 110) | st.floats(700, 760) | st.floats(0, 2000)
    gaps = torch.tensor(draw(st.lists(gap, min_size=m, max_size=m)), dtype=torch.float64)
    gaps[draw(st.integers(0, m - 1))] = 0.0
    return (draw(st.floats(-50, 50)) - gaps).to(kind), draw(distributions(kind, (m,)))


def in_its_dtype(function: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """Return the gradient in the dtype of the argument."""
    a = a.clone().requires_grad_()
    (result,) = torch.autograd.grad(function(a).sum(), a)
    return result


@given(sure_rows())
def test_gradients_past_a_softmax_are_right_in_every_dtype_however_small_p_is(pair: Pair) -> None:
    a, q = pair
    m = a.shape[-1]
    known = of_logits(reference.entropy_gradient, a)
    assert_known(in_its_dtype(lambda x: entropy(softmax(x)), a), known, entries=m)
    known = of_logits(reference.cross_entropy_grad, a, q)
    assert_known(in_its_dtype(lambda x: kl_divergence(q, softmax(x)), a), known, entries=m)
    assert_known(in_its_dtype(lambda x: cross_entropy(x, q), a), known, entries=m)
    known = of_logits(reference.logit_gap_grad, a, q, detach_p=False)
    assert_known(in_its_dtype(lambda x: logit_gap(x, q), a), known, entries=m)


@given(sure_rows(dtype=st.sampled_from([torch.float32, torch.float64])), st.data())
def test_curvatures_past_a_softmax_are_right_however_small_p_is(pair: Pair, data: Any) -> None:
    a, q = pair
    m = a.shape[-1]
    v = data.draw(st.lists(st.integers(-8, 8).map(float), min_size=m, max_size=m))
    direction = torch.tensor(v, dtype=a.dtype)

    def curved(function: Callable[[Tensor], Tensor]) -> Tensor:
        leaf = a.clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(leaf), leaf, create_graph=True)
        (result,) = torch.autograd.grad(slope @ direction, leaf)
        return result

    known = of_logits(reference.entropy_curvature, a, direction)
    assert_known(curved(lambda x: entropy(softmax(x))), known)
    assert_known(curved(entropy_from_logits), known)
    known = of_logits(reference.kl_curvature, a, q, direction)
    assert_known(curved(lambda x: kl_divergence(q, softmax(x))), known)
    assert_known(curved(lambda x: kl_from_logits(q, x)), known)
    assert_known(curved(lambda x: cross_entropy(x, q)), known)


temperatures = st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.7, 64.0])


@given(sure_rows(), temperatures)
def test_entropy_from_logits_is_right_at_any_temperature(pair: Pair, temperature: float) -> None:
    a, _ = pair
    known = of_logits(reference.entropy_from_logits, a, temperature=temperature)
    assert_known(entropy_from_logits(a, temperature=temperature), known)


# What takes this q off 1 is far below the digits of 1.
FAINT = torch.tensor([2e-260, 1.0], dtype=torch.float64)


@example(pair=(torch.tensor([-700.0, 0.0], dtype=torch.float64), FAINT), temperature=1.0)
@example(pair=(torch.tensor([-12.0, 0.0], dtype=torch.float64), FAINT), temperature=3.7)
@given(pair=sure_rows(), temperature=temperatures)
def test_kl_from_logits_is_the_cross_entropy_less_the_entropy(pair: Pair, temperature: float) -> None:
    a, q = pair
    (known,) = of_logits(reference.cross_entropy, a, q, temperature=temperature)
    (own,) = of_distributions(reference.entropy, q)
    with mpmath.workdps(reference.DIGITS):
        total = abs(known.value) + abs(own.value)
        value = known.value - own.value
        # A sum that only rounding takes off 1 counts as 1: a small KL is that of the distribution.
        surplus = math.fsum([*q.tolist(), -1.0])
        unit = torch.finfo(torch.promote_types(q.dtype, torch.float32)).eps
        if abs(surplus) <= 32 * unit and value < 0.1:
            value -= surplus
        expected = reference.Known(max(value, mpmath.mpf(0)), known.scale + own.scale + total)
    assert_known(kl_from_logits(q, a, temperature=temperature), [expected])


@given(sure_rows(), temperatures)
def test_js_from_logits_lies_between_zero_and_log_2_and_is_symmetric(
    pair: Pair, temperature: float
) -> None:
    a, _ = pair
    b = a.flip(-1)
    found = js_from_logits(a, b, q_is_logits=True, temperature=temperature)
    unit = torch.finfo(a.dtype).eps
    assert 0 <= found <= math.log(2) * (1 + 4 * unit)
    other = js_from_logits(b, a, q_is_logits=True, temperature=temperature)
    torch.testing.assert_close(found, other, rtol=8 * unit, atol=8 * unit)
    q, p = (softmax(x.double() / temperature) for x in (a, b))
    # Half of the least number would be 0.
    exact = sum((torch.xlogy(x, 2 * x) - torch.xlogy(x, q + p)).sum() for x in (q, p)) / 2
    torch.testing.assert_close(found.double(), exact, rtol=4 * unit, atol=1e-7)


# The theorems


@given(logits(special=EXCLUDED))
def test_softmax_sums_to_one_and_lies_between_zero_and_one(a: Tensor) -> None:
    a = a[(a > -INF).any(-1)]
    p = softmax(a)
    assert ((p >= 0) & (p <= 1)).all()
    slack = a.shape[-1] * torch.finfo(a.dtype).eps
    assert ((p.double().sum(-1) - 1).abs() <= slack).all()


@given(logits(special=EXCLUDED))
def test_softmax_jacobian_is_symmetric_and_sums_to_zero(a: Tensor) -> None:
    a = a[(a > -INF).any(-1)]
    jacobian = softmax_jacobian(a)
    assert torch.equal(jacobian, jacobian.mT)
    slack = a.shape[-1] * torch.finfo(a.dtype).eps
    assert (jacobian.double().sum(-1).abs() <= slack).all()
    assert (torch.linalg.eigvalsh(jacobian.double()) >= -slack).all()


@given(logits_and_targets(special=EXCLUDED))
def test_cross_entropy_and_logit_gap_differ_by_the_entropy(pair: Pair) -> None:
    a, q = (x.double() for x in expanded(*pair))
    q = q / q.sum(-1, keepdim=True)
    l1, l2 = cross_entropy(a, q), logit_gap(a, q)
    kept = l1.isfinite() & l2.isfinite()
    # Both losses are rounded, and Σq is 1 within as much.
    slack = 64 * torch.finfo(torch.float64).eps * (1 + l1.abs() + l2.abs())
    assert ((l1 - l2 - entropy(softmax(a))).abs() <= slack)[kept].all()
    # L1 = L2 + H(p) and 0 <= H(p) <= log m, so the one is finite where the other is.
    limit = 0.9 * torch.finfo(torch.float64).max
    assert torch.equal(l1.abs() < limit, l2.abs() < limit)


@given(two_distributions())
def test_kl_divergence_is_not_negative_and_zero_only_for_equals(pair: Pair) -> None:
    q, p = (x.double() / x.double().sum(-1, keepdim=True) for x in pair)
    divergence = kl_divergence(q, p)
    assert (divergence >= -1e-15).all()
    # Pinsker's inequality.
    assert (divergence >= (q - p).abs().sum(-1).square() / 2 - 1e-15).all()
    assert not kl_divergence(q, q).any()


@given(one_distribution())
def test_entropy_lies_between_zero_and_log_m(p: Tensor) -> None:
    wide = p.double() / p.double().sum(-1, keepdim=True)
    m = torch.tensor(float(p.shape[-1]), dtype=torch.float64)
    assert ((entropy(wide) >= 0) & (entropy(wide) <= m.log() + 1e-15)).all()


# What all functions of rows have in common


@st.composite
def calls(draw: Draw, *, kind: str = "", size: int | None = None) -> tuple[RowFunction, list[Tensor]]:
    """Draw a function of rows, if given one whose first argument is of the kind, and arguments."""
    case = draw(st.sampled_from([case for case in ROW_FUNCTIONS if not kind or case.kinds[0] == kind]))
    batch = draw(batches) if size is None else (size,)
    shape, dtype = (*batch, draw(widths)), draw(dtypes)
    return case, [
        draw(distributions(dtype, shape) if kind == "distribution" else vectors(dtype, shape))
        for kind in case.kinds
    ]


@given(calls(kind="logits"), st.data())
def test_row_function_ignores_a_constant_added_to_the_logits(
    call: tuple[RowFunction, list[Tensor]], data: Any
) -> None:
    case, (a, *rest) = call
    # Whole numbers up to 256 are exact in every dtype, and so are their differences.
    count, whole = a.numel(), st.integers(-64, 64).map(float)
    values = data.draw(st.lists(whole, min_size=count, max_size=count))
    a = torch.tensor(values, dtype=a.dtype).reshape(a.shape)
    shift = data.draw(st.integers(-128, 128))
    assert torch.equal(case.function(a + shift, *rest), case.function(a, *rest))


@given(calls(size=3), st.data())
def test_row_function_returns_nan_for_nan_and_only_in_its_row(
    call: tuple[RowFunction, list[Tensor]], data: Any
) -> None:
    case, arguments = call
    expected = case.function(*arguments)
    at = data.draw(st.integers(0, len(arguments) - 1))
    column = data.draw(st.integers(0, arguments[0].shape[-1] - 1))
    arguments[at] = arguments[at].clone()
    arguments[at][1, column] = NAN
    found = case.function(*arguments)
    # dL2/da takes q entry by entry; everything else mixes the row.
    one_entry = case.name.startswith("logit_gap_grad") and at == 1
    assert (found[1, column] if one_entry else found[1]).isnan().all()
    kept = [0, 2]
    torch.testing.assert_close(found[kept], expected[kept], rtol=0, atol=0, equal_nan=True)


@given(calls())
def test_row_function_treats_each_row_alone(call: tuple[RowFunction, list[Tensor]]) -> None:
    case, arguments = call
    together = case.function(*arguments)
    assert together.dtype == arguments[0].dtype
    unit = torch.finfo(together.dtype).eps
    for index in np.ndindex(*arguments[0].shape[:-1]):
        row = [x[index] for x in arguments]
        alone = case.function(*row)
        # Vectorised and single loops of an exponential may differ in the last digit, and a result
        # that is a difference of large numbers by as much of those.
        size = max(x.double().abs().max().item() for x in row)
        slack = 16 * unit * min(1 + size, 2000.0)
        torch.testing.assert_close(together[index], alone, rtol=16 * unit, atol=slack, equal_nan=True)


@given(
    st.sampled_from([case for case in ROW_FUNCTIONS if len(case.kinds) == 2]), batches, widths, widths
)
def test_row_function_refuses_rows_of_two_lengths(
    case: RowFunction, batch: tuple[int, ...], first: int, second: int
) -> None:
    assume(first != second)
    # Lists, since the shape checks of the tests intercept tensors.
    left, right = (torch.ones(*batch, m).tolist() for m in (first, second))
    with pytest.raises(ValueError, match=r"^[apqv] must have"):
        case.function(left, right)


no_array: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    st.floats(),
    st.lists(st.complex_numbers() | st.text() | st.none(), min_size=1, max_size=3),
    st.lists(st.floats(), max_size=3).filter(lambda row: len(row) != 2).map(lambda row: [row, PAIR]),
    st.just([]),
)


@given(st.sampled_from(ROW_FUNCTIONS), no_array, st.booleans())
def test_row_function_refuses_what_is_no_array_of_numbers(
    case: RowFunction, wrong: Any, last: bool
) -> None:
    arguments: list[Any] = [PAIR for _ in case.kinds]
    arguments[-1 if last else 0] = wrong
    with pytest.raises(ValueError, match=r"^[apqv] must "):
        case.function(*arguments)


@given(logits(special=EXCLUDED), st.integers(-4, 3), st.sampled_from([softmax, log_softmax]))
def test_softmax_along_any_dimension_is_that_of_the_last(
    a: Tensor, dim: int, call: Callable[..., Tensor]
) -> None:
    if not -a.ndim <= dim < a.ndim:
        with pytest.raises(ValueError, match=r"^dim must be in"):
            call(a, dim=dim)
    elif a.shape[dim] == 0:
        with pytest.raises(ValueError, match=r"^a must have at least 1 entry along dim"):
            call(a, dim=dim)
    else:
        expected = call(a.movedim(dim, -1)).movedim(-1, dim)
        unit = torch.finfo(torch.promote_types(a.dtype, torch.float32)).eps
        torch.testing.assert_close(call(a, dim=dim), expected, rtol=8 * unit, atol=0, equal_nan=True)
