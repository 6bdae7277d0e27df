"""Every line of the derivations: right where it should be, wrong where the post is, and by how much."""

import math

import mpmath
import pytest
import torch

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    entropy,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    softmax,
    softmax_jacobian,
)
from ce_core.post.derivations import DERIVATIONS, Terms, check_derivation, example
from tests.support.cases import INF, NAN, central_differences, mp_softmax, tensor64
from tests.support.closeness import close_to

FAILING = {("logit_gap", "vanishes"), ("logit_gap", "same_gradient")}
EACH_LINE = pytest.mark.parametrize(
    ("name", "line"),
    [(name, line.name) for name, lines in DERIVATIONS.items() for line in lines],
)


def checked(name: str, line: str, seed: int = 0) -> tuple[float, bool]:
    """Return what a line is off by at the example of a seed, and whether it holds."""
    (found,) = (c for c in check_derivation(name, *example(seed)) if c.name == line)
    return found.difference, found.holds


@EACH_LINE
@pytest.mark.parametrize("seed", range(20))
def test_check_derivation_tells_the_lines_that_hold(name: str, line: str, seed: int) -> None:
    difference, holds = checked(name, line, seed)
    if (name, line) in FAILING:
        assert not holds
        assert difference > 0.01
    else:
        assert holds
        assert difference < 1e-14


@EACH_LINE
def test_derivation_sides_have_one_shape_and_little_room(name: str, line: str) -> None:
    (found,) = (entry for entry in DERIVATIONS[name] if entry.name == line)
    left, right = found.sides(Terms(*example()))
    assert left.dtype == right.dtype == torch.float64
    assert left.shape == right.shape
    assert {c.name: c.tolerance for c in check_derivation(name, *example())}[line] < 1e-13


def test_derivation_names_are_unique() -> None:
    for lines in DERIVATIONS.values():
        assert len({line.name for line in lines}) == len(lines)


def test_check_derivation_fails_by_the_residual_of_the_core() -> None:
    a, q = example(3)
    found = {line.name: line.difference for line in check_derivation("logit_gap", a, q)}
    assert found["vanishes"] == close_to(logit_gap_residual(a).abs().max().item(), rel=1e-12)
    assert found["same_gradient"] == close_to(found["vanishes"], rel=1e-12)


def test_check_derivation_holds_throughout_where_all_logits_are_equal() -> None:
    for name in DERIVATIONS:
        lines = check_derivation(name, [0.5, 0.5, 0.5], [0.2, 0.3, 0.5])
        assert all(line.holds for line in lines)


def test_terms_agree_with_the_core() -> None:
    a, q = example(5)
    terms = Terms(a, q)
    torch.testing.assert_close(terms.p, softmax(a), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.jacobian, softmax_jacobian(a), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.l1(a), cross_entropy(a, q), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.l2(a), logit_gap(a, q), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.slopes(terms.l1), cross_entropy_grad(a, q), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.slopes(terms.l2), logit_gap_grad(a, q), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(terms.residual, logit_gap_residual(a), rtol=1e-12, atol=1e-14)


def test_terms_slopes_agree_with_finite_differences() -> None:
    a, q = example(7)
    terms = Terms(a, q)
    for function in (terms.l1, terms.l2, lambda x: entropy(softmax(x))):
        torch.testing.assert_close(
            terms.slopes(function), central_differences(function, a), atol=1e-9, rtol=0
        )


def test_terms_agree_with_mpmath() -> None:
    a, q = example(9)
    p = mp_softmax(a.tolist())
    terms = Terms(a, q)
    with mpmath.workdps(60):
        mean = mpmath.fsum(x * y for x, y in zip(p, a.tolist(), strict=True))
        expected = [float(x * (y - mean)) for x, y in zip(p, a.tolist(), strict=True)]
    torch.testing.assert_close(terms.residual, tensor64(*expected), atol=1e-15, rtol=1e-13)
    l1 = -mpmath.fsum(w * mpmath.log(x) for w, x in zip(q.tolist(), p, strict=True))
    assert terms.l1(a).item() == close_to(float(l1), rel=1e-14)


def test_example_is_the_same_for_a_seed_and_another_for_another() -> None:
    (a, q), (again, _), (other, _) = example(4), example(4), example(5)
    assert torch.equal(a, again)
    assert not torch.equal(a, other)
    assert q.sum().item() == close_to(1, abs=1e-15)
    assert math.isclose(a[0].item(), round(a[0].item(), 2))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("integral", [0.0, 1.0], [0.5, 0.5]), "name must be one of softmax, cross_entropy"),
        (("softmax", [0.0, INF], [0.5, 0.5]), "a must be finite"),
        (("softmax", [0.0, NAN], [0.5, 0.5]), "a must be finite"),
        (("softmax", [[0.0, 1.0]], [0.5, 0.5]), "a must be one row"),
        (("softmax", [0.0, 1.0, 2.0], [0.5, 0.5]), "q must be as long as a"),
        (("softmax", [0.0, 1.0], [0.5, 0.7]), "q must sum to 1"),
        (("softmax", [0.0, 1.0], [-0.5, 1.5]), "q must be finite and >= 0"),
    ],
)
def test_check_derivation_refuses_what_it_cannot_check(
    arguments: tuple[str, list[float], list[float]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check_derivation(*arguments)
