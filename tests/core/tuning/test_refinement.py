"""What meets the needs, between the cells of a map too."""

import pytest
import torch

from ce_core import balanced_assignment, iterations_for_error
from ce_core.tuning.refinement import default_counts, default_eps, tune, unit_range
from tests.support.closeness import close_to
from tests.support.tuning import column_error_of, cosines, perplexity_of


@pytest.mark.parametrize(("perplexity", "error"), [(2.0, 1e-3), (3.0, 0.1), (7.0, 1e-3)])
def test_needs_are_met_with_the_fewest_iterations(perplexity: float, error: float) -> None:
    cost = -cosines(20, 8)
    needs = {"column_error": error, "perplexity": perplexity}
    chosen = tune(cost, eps=default_eps(cost), n_iter=default_counts(300), needs=needs).chosen
    assert chosen.met
    plan = balanced_assignment(cost, eps=chosen.eps, n_iter=chosen.n_iter).numpy()
    assert column_error_of(plan) == close_to(chosen.column_error, rel=1e-9)
    assert column_error_of(plan) <= error
    assert perplexity * 0.998 <= perplexity_of(plan) <= perplexity
    assert float(f"{chosen.eps:.4g}") == chosen.eps
    fewest = int(iterations_for_error(cost, eps=chosen.eps * 1.001, column_error=error).n_iter)
    assert fewest in (chosen.n_iter, chosen.n_iter - 1)


@pytest.mark.parametrize("range_", [0.0, 1e-322, 1e-300, 1e308])
def test_axes_are_those_of_a_range_of_1_where_eps_would_have_no_digits(range_: float) -> None:
    cost = torch.tensor([[-range_ / 2, range_ / 2]], dtype=torch.float64)
    assert unit_range(cost) == 1
    assert default_eps(cost)[[0, -1]].tolist() == [0.001, 10.0]


def test_range_is_that_of_what_is_allowed_whatever_large_means() -> None:
    cost = torch.tensor([[0.0, 2.0, torch.inf]]).double()
    assert unit_range(cost) == unit_range(-cost) == 2
    assert unit_range(torch.full((1, 2), torch.inf).double()) == 1


def test_axes_have_their_ends() -> None:
    cost = torch.tensor([[0.0, 2.0]]).double()
    eps = default_eps(cost)
    assert (eps[0].item(), eps[-1].item(), len(eps)) == (0.002, 20.0, 33)
    assert default_eps(cost, 0.5, 0.7).tolist() == [0.5, 0.7]
    assert default_eps(cost, 100.0)[[0, -1]].tolist() == [100.0, 1000.0]
    assert default_eps(cost, high=0.001)[[0, -1]].tolist() == [0.0001, 0.001]
    assert default_eps(torch.zeros(2, 2).double())[0] > 0
    assert default_counts(1) == [1]
    counts = default_counts(300)
    assert (counts[:9], counts[-1]) == ([1, 2, 3, 4, 5, 6, 7, 8, 10], 300)
