"""A batch of small transport problems solved to a tolerance."""

import numpy as np
import torch
from jaxtyping import Float

from benchmarks import peers
from benchmarks.pairs import time_pairs
from benchmarks.problems import random_problem
from benchmarks.report import RATIO_HEADER, Effort, Section, add_ratio
from ce_core import sinkhorn

_BATCH, _SIZE, _EPS, _TOL = 64, 64, 0.05, 1e-6

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
    for method in ("log_sinkhorn", "sinkhorn"):
        for on_torch in (False, True):
            theirs = peers.pot_batch(cost, method, eps=_EPS, tol=_TOL, on_torch=on_torch)
            times = None
            if theirs is not None:
                times = time_pairs(
                    ours, theirs, pairs=effort.pairs, least=effort.least, seconds=effort.seconds
                )
            against = f'POT `solve_batch`, "{method}", {"torch" if on_torch else "NumPy"}'
            add_ratio(section, case, against, times, at_least=3.0)
            if theirs is not None:
                errors = " and ".join(f"{_largest_error(plan):.1e}" for plan in (ours(), theirs()))
                section.after = f"Largest L1 marginal error of a problem, ours and POT's: {errors}."
    return section


def _largest_error(plan: Batch) -> float:
    rows = np.abs(plan.sum(2) - 1 / plan.shape[1]).sum(1)
    columns = np.abs(plan.sum(1) - 1 / plan.shape[2]).sum(1)
    return float((rows + columns).max())
