"""The post's experiment: L1 and L2 of random logits against balanced random targets."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arrays import as_arrays
from ce_core._options import require_device, require_instance, require_room
from ce_core.dtypes import widen
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.inputs import Inputs, draw_inputs


@dataclass(frozen=True)
class ExperimentResult:
    """What one run of the experiment measured; every tensor is float64 (or integer) on the CPU.

    Attributes
    ----------
    config
        The parameters it ran with.
    l1, l2, entropy
        L1 = -Σ q log p, L2 = Σ (p - q) a and H(p) in nats, shape [trials], in trial order: the mean
        over the n rows, or over those that are finite. NaN where no row is finite. All sums, over
        classes and over rows, are float64; what is summed has the dtype of the run. The loss of a
        row is rounded to it in half precision, as every loss in half precision is.
    rounding
        How far rounding may have moved the one of `l1`, `l2` and `entropy` that it moved furthest, in
        nats, [trials]: what rounding the rows to half precision did to their mean, and what the
        rounding of the logits and of float64 may do.
    missing_rows
        Rows of each trial that have no finite loss, [trials]: their powers all underflowed to 0, so
        that they cannot be normalised, or something overflowed. The means leave them out.
    identity_residual
        Largest |L1 - L2 - H(p)| of a row of each trial, [trials], in nats.
    marginal_error
        L1 distance of the column sums of Q from n/m, as a share of its mass n, [trials].
    l1_grad, l2_grad
        dL1/da and dL2/da (p not held constant) of the first trial, [rows, m], per row; rows without
        a finite loss are left out.
    gradient_cosine, gradient_difference
        Cosine of dL1/da and dL2/da, and ‖dL2/da - dL1/da‖ / ‖dL1/da‖, over all entries of all
        trials.
    """

    config: ExperimentConfig
    l1: Float[Tensor, " trials"]
    l2: Float[Tensor, " trials"]
    entropy: Float[Tensor, " trials"]
    rounding: Float[Tensor, " trials"]
    missing_rows: Int[Tensor, " trials"]
    identity_residual: Float[Tensor, " trials"]
    marginal_error: Float[Tensor, " trials"]
    l1_grad: Float[Tensor, "rows m"]
    l2_grad: Float[Tensor, "rows m"]
    gradient_cosine: float
    gradient_difference: float


def run_experiment(config: ExperimentConfig, *, device: torch.device | str = "cpu") -> ExperimentResult:
    """Repeat the post's experiment: the two losses of random logits against balanced targets.

    In each trial the logits are uniform numbers to a power, each row divided by its sum and
    multiplied by the scale; the target is Sinkhorn's balanced assignment of other uniform numbers
    to a power, taken as costs.

    Parameters
    ----------
    config
        The parameters. The draws depend on `seed`, `n`, `m` and the number of the trial alone, so
        they stay while the others move, and the first k trials have the same draws whatever
        follows.
    device
        Where to compute. Draws are made, and results returned, on the CPU.

    Returns
    -------
    ExperimentResult
        The losses per trial with what is needed to understand them.

    Raises
    ------
    ValueError
        If `config` is none, one trial of it or one loss of all trials has more than 2^31 numbers, or
        there is no such device.

    Examples
    --------
    >>> result = run_experiment(ExperimentConfig(trials=3, dtype="float64"))
    >>> (result.l1 - result.l2 - result.entropy).abs().max() < 1e-12
    tensor(True)
    """
    require_instance("config", config, ExperimentConfig)
    device = require_device("device", device)
    require_room("n", config.n, config.n * max(config.m, config.trials))
    return run_on(config, draw_inputs(config, device))


def run_on(config: ExperimentConfig, inputs: Inputs) -> ExperimentResult:
    """Run the experiment on the logits and the targets of its trials, which are used up."""
    dtype: torch.dtype = getattr(torch, config.dtype)
    losses = torch.empty(3, config.trials, config.n, dtype=torch.float64)
    noise = torch.empty(config.trials, config.n, dtype=torch.float64)
    rows_finite = torch.empty(config.trials, config.n, dtype=torch.bool)
    marginal_error = torch.empty(config.trials, dtype=torch.float64)
    products = torch.empty(3, config.trials, dtype=torch.float64)
    done = 0
    for logits, target, error in inputs:
        part = slice(done, done + len(logits))
        chunk = _run_chunk(logits, target)
        # What is large goes as soon as it can, and what stays is filled in: small memory is fast.
        del logits, target
        losses[:, part], rows_finite[part], noise[part] = chunk.losses, chunk.finite, chunk.noise
        marginal_error[part], products[:, part] = error, chunk.products
        if done == 0:
            kept = slice(None) if chunk.finite[0].all() else chunk.finite[0]
            l1_grad, difference = (grad[kept].cpu().double() for grad in chunk.first_gradients)
        done = part.stop
    means, residual, rounding, missing = _reduce(losses, rows_finite, noise, dtype)
    square_1, product, square_difference = products.sum(1)
    # dL2/da is dL1/da and the difference, so its products follow from theirs.
    square_2 = square_1 + 2 * product + square_difference
    product = square_1 + product
    return ExperimentResult(
        config=config,
        l1=means[0],
        l2=means[1],
        entropy=means[2],
        rounding=rounding,
        missing_rows=missing,
        identity_residual=residual,
        marginal_error=marginal_error,
        l1_grad=l1_grad,
        l2_grad=l1_grad + difference,
        gradient_cosine=(product / (square_1 * square_2).sqrt()).item(),
        gradient_difference=(square_difference / square_1).sqrt().item(),
    )


def _reduce(
    losses: Float[Tensor, "3 trials n"],
    rows_finite: Bool[Tensor, "trials n"],
    noise: Float[Tensor, "trials n"],
    dtype: torch.dtype,
) -> list[Tensor]:
    """Return of each trial its means, what is left of the identity, the rounding, the missing rows."""
    # In NumPy, whose calls take a fraction of the time of torch's, where there is little to compute.
    exact, finite, noises = losses.numpy(), rows_finite.numpy(), noise.numpy()
    count = finite.sum(-1)
    if not finite.all():
        exact, noises = np.where(finite, exact, 0.0), np.where(finite, noises, 0.0)
    rows = torch.from_numpy(exact).to(dtype).double().numpy() if dtype.itemsize < 4 else exact
    # A trial may have no row that is finite, and a sum of finite ones may be none.
    with np.errstate(all="ignore"):
        means = rows.sum(-1) / count
        rounding = np.abs(means - exact.sum(-1) / count).max(0)
        # The logits of a row are rounded each by itself, so that the errors of rows add up as squares.
        rounding += np.sqrt(np.square(noises).sum(-1)) / count
        rounding += np.finfo(np.float64).eps * np.abs(means[0])
        residual = np.where(count > 0, np.abs(rows[0] - rows[1] - rows[2]).max(-1), np.nan)
    return list(map(torch.from_numpy, (means, residual, rounding, losses.shape[-1] - count)))


class _Chunk(NamedTuple):
    """What some trials gave; the losses are L1, L2 and H(p) of each row."""

    losses: Float[Tensor, "3 chunk n"]
    finite: Bool[Tensor, "chunk n"]
    noise: Float[Tensor, "chunk n"]
    """Standard deviation of L1 of a row that rounding of its logits and powers explains, nats."""
    products: Float[Tensor, "3 chunk"]
    """Of dL1/da with itself, of it with the difference dL2/da - dL1/da, of that with itself."""
    first_gradients: tuple[Float[Tensor, "n m"], Float[Tensor, "n m"]]
    """dL1/da and the difference, of the first trial."""


def _run_chunk(logits: Float[Tensor, "chunk n m"], target: Float[Tensor, "chunk n m"]) -> _Chunk:
    """Compute what some trials give. Overwrites its arguments."""
    # The losses of `ce_core.losses.forms`, of logits that are finite and not small: what they share is
    # computed once. At thousands of classes the trials differ by less than float32 holds of log m, so
    # -log p is not formed: it is log Σ exp(a), in float64, less the logits, which are small where p is
    # nearly uniform.
    a, q = widen(logits), widen(target)
    highest = a.amax(-1)
    a.sub_(highest.unsqueeze(-1))
    p = a.exp()
    total = _sum(p)
    p.div_(total.to(p.dtype).unsqueeze(-1))
    log_total = total.log()
    q_mean, p_mean = _dot(q, a), _dot(p, a)
    # In the memory of what is used up, here and below.
    l1_grad = torch.sub(p, q, out=q)
    losses = torch.stack([log_total - q_mean, _dot(l1_grad, a).double(), log_total - p_mean])
    finite = losses.to(logits.dtype).isfinite().all(0)
    difference = p.mul_(a.sub_(p_mean.unsqueeze(-1)))
    if not finite.all():
        kept = finite.unsqueeze(-1)
        l1_grad, difference = torch.where(kept, l1_grad, 0.0), torch.where(kept, difference, 0.0)
    pairs = ((l1_grad, l1_grad), (l1_grad, difference), (difference, difference))
    products = [_dot(left, right) for left, right in pairs]
    # Of p, which rounding enters entry by entry, the largest is 1 / total, and Σp² no larger.
    noise = highest * products[0].sqrt() + total.rsqrt()
    return _Chunk(
        losses=losses,
        finite=finite,
        noise=torch.finfo(logits.dtype).eps * noise,
        products=torch.stack([rows.sum(-1, dtype=torch.float64) for rows in products]),
        first_gradients=(l1_grad[0].clone(), difference[0].clone()),
    )


def _dot(left: Float[Tensor, "*rows m"], right: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows"]:
    """Return the products of rows with rows, without all the products in between where that can be."""
    first, second = as_arrays(left, right)
    vecdot: Any = np.vecdot if isinstance(first, np.ndarray) else torch.linalg.vecdot
    # Rows that are missing hold NaN, of which NumPy would warn.
    with np.errstate(over="ignore", invalid="ignore"):
        return torch.as_tensor(vecdot(first, second))


def _sum(rows: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows"]:
    """Return the sums of rows, in float64."""
    (values,) = as_arrays(rows)
    wide: Any = np.float64 if isinstance(values, np.ndarray) else torch.float64
    return torch.as_tensor(values.sum(-1, dtype=wide))
