"""A batch of small transport problems solved to a tolerance."""

import numpy as np
import torch
from jaxtyping import Float

from benchmarks import peers
from benchmarks.effort import Effort
from benchmarks.problems import random_problem
from benchmarks.report import RATIO_HEADER, Section, add_ratio
from ce_core import sinkhorn

_BATCH, _SIZE, _EPS, _TOL = 64, 64, 0.05, 1e-6
# POT's method, whether on torch, the least ratio, and why it is no more.
_SAME = "the same products, so what differs is the rest"
_PEERS = (
    ("log_sinkhorn", False, 3.0, ""),
    ("log_sinkhorn", True, 3.0, ""),
    ("sinkhorn", False, 1.5, _SAME),
    ("sinkhorn", True, 1.0, _SAME),
)

Batch = Float[np.ndarray, "batch n m"]


def measure_batches(effort: Effort) -> Section:
    """Time one call for the batch against POT's `solve_batch`."""
    section = Section(
        "Sinkhorn, a batch",
        f"{_BATCH} random problems of {_SIZE} x {_SIZE}, float64, eps {_EPS} of the range, to an L1 "
        f"marginal error of {_TOL:g} each. POT stops at the L2 norm, so it is asked for "
        f"{_TOL:g}/{_SIZE**0.5:g}, which makes its L1 norm small enough.",
        RATIO_HEADER,
    )
    cost = np.stack([random_problem(_SIZE, _SIZE, eps=_EPS, seed=seed).cost for seed in range(_BATCH)])
    tensor = torch.from_numpy(cost)

    def ours() -> Batch:
        return sinkhorn(tensor, eps=_EPS, tol=_TOL, max_iter=100_000).plan.numpy()

    case = f"{_BATCH} of {_SIZE} x {_SIZE}"
    for method, on_torch, least, why in _PEERS:
        theirs = peers.pot_batch(cost, method, eps=_EPS, tol=_TOL, on_torch=on_torch)
        times = None if theirs is None else effort.time(ours, theirs)
        against = f'POT `solve_batch`, "{method}", {"torch" if on_torch else "NumPy"}'
        add_ratio(section, case, against, times, at_least=least, why=why)
        if theirs is not None:
            errors = " and ".join(f"{_largest_error(plan):.1e}" for plan in (ours(), theirs()))
            section.after = f"Largest L1 marginal error of a problem, ours and POT's: {errors}."
    return section


def _largest_error(plan: Batch) -> float:
    rows = np.abs(plan.sum(2) - 1 / plan.shape[1]).sum(1)
    columns = np.abs(plan.sum(1) - 1 / plan.shape[2]).sum(1)
    return float((rows + columns).max())
