"""Entropy and divergences straight from logits: the same values, and digits where p has none."""

import math

import mpmath
import pytest
import torch

from ce_core import entropy, entropy_from_logits, js_from_logits, kl_divergence, kl_from_logits, softmax
from tests.support.cases import mp_softmax, tensor64, uniform
from tests.support.closeness import close_to


def test_kl_from_logits_keeps_its_digits_near_zero() -> None:
    b = [0.3, -0.2, 0.1]
    a = [0.3, -0.2, 0.1 + 2.0**-30]
    with mpmath.workdps(60):
        q, p = mp_softmax(b), mp_softmax(a)
        known = float(mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(q, p, strict=True)))
    found = kl_from_logits(tensor64(*b), tensor64(*a), q_is_logits=True).item()
    assert found == close_to(known, rel=1e-6)


def test_forms_from_logits_agree_with_those_of_distributions() -> None:
    b, a = 6 * uniform(2, 50, 7)
    for t in (0.5, 1.0, 3.0):
        q, p = softmax(b / t), softmax(a / t)
        r = (q + p) / 2
        torch.testing.assert_close(entropy_from_logits(a, temperature=t), entropy(p))
        divergence = kl_divergence(q, p)
        torch.testing.assert_close(kl_from_logits(q, a, temperature=t), divergence)
        torch.testing.assert_close(kl_from_logits(b, a, q_is_logits=True, temperature=t), divergence)
        halves = (kl_divergence(q, r) + kl_divergence(p, r)) / 2
        torch.testing.assert_close(js_from_logits(q, a, temperature=t), halves)
        torch.testing.assert_close(js_from_logits(b, a, q_is_logits=True, temperature=t), halves)


@pytest.mark.parametrize("t", [5e-324, 1e-308, 1e308], ids=str)
def test_temperature_divides_without_overflow(t: float) -> None:
    for dtype in (torch.float64, torch.float32, torch.float16):
        found = entropy_from_logits(torch.tensor([0.0, 0.0, -5.0], dtype=dtype), temperature=t)
        assert found.item() == close_to(math.log(2 if t < 1 else 3), rel=1e-3)
