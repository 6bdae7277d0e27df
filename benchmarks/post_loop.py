"""The post's experiment as its text describes it: NumPy, one trial after another."""

import numpy as np
from jaxtyping import Float

from ce_core.post.plan_variant import scale_like_the_post

Matrix = Float[np.ndarray, "n m"]


def run_post_loop(
    *,
    n: int,
    m: int,
    trials: int,
    eps: float = 0.5,
    n_iter: int = 10,
    logit_scale: float = 1.0,
    logit_exponent: float = 4.0,
    seed: int = 0,
) -> dict[str, Float[np.ndarray, " trials"]]:
    """Return the post's losses sorted by L1, and what it plots as their gradients.

    The draws are those of `ce_core.run_experiment` with the same seed.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    pairs = [
        post_trial(
            generator.random((2, n, m)),
            eps=eps,
            n_iter=n_iter,
            logit_scale=logit_scale,
            logit_exponent=logit_exponent,
        )
        for _ in range(trials)
    ]
    l1, l2 = np.array(pairs).T
    order = np.argsort(l1)
    l1, l2 = l1[order], l2[order]
    return {"l1": l1, "l2": l2, "l1_gradient": np.gradient(l1), "l2_gradient": np.gradient(l2)}


def post_trial(
    draws: Float[np.ndarray, "2 n m"],
    *,
    eps: float,
    n_iter: int,
    logit_scale: float = 1.0,
    logit_exponent: float = 4.0,
) -> tuple[np.floating, np.floating]:
    """Return L1 and L2 of one trial: logits in float32, scores and so the target in float64."""
    logits = draws[0].astype(np.float32) ** logit_exponent
    logits = logit_scale * (logits / logits.sum(axis=1, keepdims=True))
    predicted = softmax_rows(logits)
    target = post_sinkhorn(draws[1] ** 1.5, eps=eps, n_iter=n_iter)
    l1 = np.mean(-np.sum(target * np.log(predicted), axis=1))
    l2 = np.mean(np.sum((predicted - target) * logits, axis=1))
    return l1, l2


def softmax_rows(logits: Matrix) -> Matrix:
    """Return the softmax of each row, shifted by its maximum."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return rows


def post_sinkhorn(scores: Matrix, *, eps: float, n_iter: int) -> Matrix:
    """Balance exp(-scores/eps) as the post does, with its cure for zeros and infinities."""
    balanced = scale_like_the_post(scores, eps=eps, n_iter=n_iter)
    assert not np.isnan(balanced).any()
    return balanced
