"""Targets that the losses refuse, and digits of their gradients where one class is sure."""

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch.func import grad

from ce_core import cross_entropy, cross_entropy_grad, kl_from_logits, logit_gap, logit_gap_grad
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
    for gradient in found:
        assert gradient.tolist() == close_to([-small, small], rel=1e-6)
        assert gradient.sum() == 0


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
