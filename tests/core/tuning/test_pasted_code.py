"""The code to paste runs, and gives the plan that it says."""

from typing import Any

import pytest
import torch

from ce_core import balanced_assignment, snippets
from tests.support.tuning import cosines


@pytest.mark.parametrize("whose", ["ce_core", "POT", "torch"])
@pytest.mark.parametrize(("eps", "n_iter"), [(0.05, 3), (0.0003, 40), (2.0, 1)])
def test_code_gives_the_plan(whose: str, eps: float, n_iter: int) -> None:
    if whose == "POT":
        pytest.importorskip("ot")
    cost = -cosines(9, 5)
    names: dict[str, Any] = {"cost": cost.numpy() if whose == "POT" else cost}
    exec(snippets(eps, n_iter)[whose], names)
    expected = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    torch.testing.assert_close(torch.as_tensor(names["q"]), expected, rtol=1e-9, atol=1e-12)


def test_every_snippet_is_tested() -> None:
    assert list(snippets(1.0, 1)) == ["ce_core", "POT", "torch"]
