"""References for what tells which parameters to set: a plain loop on logarithms, in NumPy."""

import numpy as np
import torch
from scipy.special import logsumexp
from torch import Tensor


def plain_plan(cost: np.ndarray, eps: float, n_iter: int) -> np.ndarray:
    """Return Q after so many iterations, columns then rows."""
    log_kernel = (cost.min() - cost) / eps
    u = np.zeros((len(cost), 1))
    for _ in range(n_iter):
        v = -logsumexp(log_kernel + u, axis=0, keepdims=True)
        u = -logsumexp(log_kernel + v, axis=1, keepdims=True)
    plan: np.ndarray = np.exp(log_kernel + u + v)
    return plan


def plain_errors(cost: np.ndarray, eps: float, n_iter: int) -> list[float]:
    """Return the column error after each of so many iterations."""
    log_kernel = (cost.min() - cost) / eps
    u, errors = np.zeros((len(cost), 1)), []
    for _ in range(n_iter):
        v = -logsumexp(log_kernel + u, axis=0, keepdims=True)
        u = -logsumexp(log_kernel + v, axis=1, keepdims=True)
        errors.append(column_error_of(np.exp(log_kernel + u + v)))
    return errors


def perplexity_of(plan: np.ndarray) -> float:
    """Return exp of the mean entropy of the rows."""
    logarithms = np.log(plan, where=plan > 0, out=np.zeros_like(plan))
    return float(np.exp(-(plan * logarithms).sum(-1).mean()))


def column_error_of(plan: np.ndarray) -> float:
    """Return how far the column sums are from even, as a share of the mass."""
    n, m = plan.shape
    return float(np.abs(plan.sum(0) - n / m).sum() / n)


def columns_used_of(plan: np.ndarray) -> int:
    """Count the columns that are the first of the largest of a row, up to rounding."""
    best = plan >= plan.max(-1, keepdims=True) * (1 - 1e-10)
    return len(set(best.argmax(-1).tolist()))


def cosines(n: int, m: int, *, size: int = 8, seed: int = 0) -> Tensor:
    """Return similarities of samples and prototypes, [n, m], in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(count, size, generator=generator, dtype=torch.float64) for count in (n, m)]
    samples, prototypes = (torch.nn.functional.normalize(part, dim=-1) for part in parts)
    return samples @ prototypes.T
