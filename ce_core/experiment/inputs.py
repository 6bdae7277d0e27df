"""What the experiment runs on: random logits and balanced targets, some trials at a time."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.transport.balanced import balanced_assignment

# Entries of one array that are worked on at a time: many for each call of torch, few for the cache.
CHUNK_ENTRIES = 1 << 18

Inputs: TypeAlias = Iterator[tuple[Float[Tensor, "chunk n m"], Float[Tensor, "chunk n m"]]]
"""Logits and targets of the next trials, which belong to whoever takes them."""


def draw_inputs(config: ExperimentConfig, device: torch.device | str = "cpu") -> Inputs:
    """Yield the logits and the targets of all trials, in order.

    Parameters
    ----------
    config
        Of the experiment.
    device
        Where they are computed.
    """
    for draws in draw_chunks(config):
        logits = logits_of(config, draws[:, 0], device).mul_(config.logit_scale)
        yield logits, _target(config, draws, device)


Key: TypeAlias = tuple[object, ...]
"""What a part of the inputs is of: its name first, then all that it depends on."""


class SharedInputs:
    """The inputs of several experiments: what they have in common is made once.

    So much is kept only where all trials of an experiment are worked on at once.

    Parameters
    ----------
    keep
        Returns what was kept under a key, or what it is given makes: a cache. By default the last of
        each name is kept.
    """

    def __init__(self, keep: Callable[[Key, Callable[[], Any]], Any] | None = None) -> None:
        self._last: dict[object, tuple[Key, Any]] = {}
        self._keep = keep or self._keep_last

    def draw(self, config: ExperimentConfig) -> Inputs:
        """Return what `draw_inputs` does, digit by digit."""
        if _chunk_size(config) < config.trials:
            return draw_inputs(config)
        return iter([self._draw_all(config)])

    def _draw_all(self, config: ExperimentConfig) -> tuple[Tensor, Tensor]:
        drawn = (config.seed, config.n, config.m, config.trials)

        def draws() -> Float[np.ndarray, "chunk 2 n m"]:
            made: np.ndarray = self._keep(("draws", *drawn), lambda: next(draw_chunks(config)))
            return made

        logits: Tensor = self._keep(
            ("logits", *drawn, config.dtype, config.logit_exponent),
            # Of a copy, since powers of 1 are the numbers themselves, and are divided in place.
            lambda: logits_of(config, draws()[:, 0].copy()),
        )
        target: Tensor = self._keep(
            ("target", *drawn, config.dtype, config.cost_exponent, config.eps, config.n_iter),
            lambda: _target(config, draws(), "cpu"),
        )
        return logits * config.logit_scale, target.clone()

    def _keep_last(self, key: Key, make: Callable[[], Any]) -> Any:
        name = key[0]
        if name not in self._last or self._last[name][0] != key:
            self._last[name] = key, make()
        return self._last[name][1]


def draw_chunks(config: ExperimentConfig) -> Iterator[Float[np.ndarray, "chunk 2 n m"]]:
    """Yield the uniform numbers of all trials, in order, from one stream.

    The stream is read trial by trial, so where it is cut makes no difference. Each chunk takes the
    place of the one before it.
    """
    generator = np.random.Generator(np.random.PCG64(config.seed))
    size = _chunk_size(config)
    draws = np.empty((size, 2, config.n, config.m))
    for start in range(0, config.trials, size):
        yield generator.random(out=draws[: config.trials - start])


def _chunk_size(config: ExperimentConfig) -> int:
    return min(config.trials, max(1, CHUNK_ENTRIES // (config.n * config.m)))


def logits_of(
    config: ExperimentConfig,
    uniform: Float[np.ndarray, "chunk n m"],
    device: torch.device | str = "cpu",
) -> Float[Tensor, "chunk n m"]:
    """Return the logits that uniform numbers stand for, before they are scaled.

    Parameters
    ----------
    config
        Of the experiment.
    uniform
        The first of each two draws. In float64 and on the CPU, logits may take their place.
    device
        Where they are computed.
    """
    powers = _raise_to(_uniform(config, uniform, device), config.logit_exponent)
    return powers.div_(powers.sum(-1, keepdim=True))


def costs_of(
    config: ExperimentConfig,
    uniform: Float[np.ndarray, "chunk n m"],
    device: torch.device | str = "cpu",
) -> Float[Tensor, "chunk n m"]:
    """Return the costs that uniform numbers stand for.

    Parameters
    ----------
    config
        Of the experiment.
    uniform
        The second of each two draws.
    device
        Where they are computed.
    """
    return _raise_to(_uniform(config, uniform, device), config.cost_exponent)


def _target(
    config: ExperimentConfig, draws: Float[np.ndarray, "chunk 2 n m"], device: torch.device | str
) -> Float[Tensor, "chunk n m"]:
    """Return the balanced assignments of the costs that uniform numbers stand for."""
    cost = costs_of(config, draws[:, 1], device)
    return balanced_assignment(cost, eps=config.eps, n_iter=config.n_iter)


def _uniform(
    config: ExperimentConfig, draws: Float[np.ndarray, "chunk n m"], device: torch.device | str
) -> Float[Tensor, "chunk n m"]:
    return torch.from_numpy(draws).to(device=device, dtype=getattr(torch, config.dtype))


def _raise_to(base: Float[Tensor, "*shape"], exponent: float) -> Float[Tensor, "*shape"]:
    """Return base ** exponent, by products and a root where these do: torch's power is slow."""
    twice = 2 * exponent
    if not (twice.is_integer() and 0 < twice <= 16):
        # Beyond the largest number of the dtype, the power of what is below 1 is 0 as it is there.
        return base ** min(exponent, torch.finfo(base.dtype).max)
    whole, half = divmod(int(twice), 2)
    result = base.sqrt() if half else None
    square = base
    while whole:
        if whole % 2:
            result = square if result is None else result * square
        whole //= 2
        square = square * square if whole else square
    assert result is not None
    return result
