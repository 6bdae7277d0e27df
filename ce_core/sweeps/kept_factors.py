"""What one region of a grid has computed of the losses, kept for the next."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.sweeps.factors import Factors, Ranked, Wanted, Workspace, compute_factors

# Beyond as many numbers, 32 MB, all are dropped.
_MOST_NUMBERS = 1 << 22

_Key: TypeAlias = Callable[[ExperimentConfig], tuple[object, ...]]


class KeptFactors:
    """Computes factors, those of the losses once. Products of gradients are too large to keep."""

    def __init__(self) -> None:
        self._workspace = Workspace()
        self._kept: dict[tuple[object, ...], tuple[Tensor, Tensor]] = {}

    def compute(self, wanted: Wanted) -> Factors:
        """Return what `compute_factors` does, digit by digit.

        Parameters
        ----------
        wanted
            What to compute.
        """
        if wanted.gradients:
            return compute_factors(wanted, self._workspace)
        if sum(first.numel() + second.numel() for first, second in self._kept.values()) > _MOST_NUMBERS:
            self._kept.clear()
        exponents = tuple(config.logit_exponent for _, config in wanted.exponents)

        def of_logits(config: ExperimentConfig) -> tuple[object, ...]:
            return "logits", _draws(config), config.logit_exponent, config.logit_scale

        def of_target(config: ExperimentConfig) -> tuple[object, ...]:
            return "target", _draws(config), exponents, config.cost_exponent, config.eps, config.n_iter

        missing = wanted._replace(
            logits=self._missing(wanted.logits, of_logits),
            targets=self._missing(wanted.targets, of_target),
        )
        if missing.logits or missing.targets:
            found = compute_factors(missing, self._workspace)
            for index, (_, config) in enumerate(missing.logits):
                self._kept[of_logits(config)] = found.partition[index], found.entropy[index]
            for index, (_, config) in enumerate(missing.targets):
                self._kept[of_target(config)] = found.alignment[:, index], found.marginal_error[index]
        partition, entropy = self._stack(wanted.logits, of_logits)
        alignment, marginal_error = self._stack(wanted.targets, of_target)
        none = torch.full((2, len(partition), len(alignment)), torch.nan, dtype=torch.float64)
        return Factors(
            partition=partition,
            entropy=entropy,
            alignment=alignment.transpose(0, 1),
            marginal_error=marginal_error,
            logit_products=none[:1, :, 0].expand(3, -1),
            target_square=none[0, 0],
            pair_products=none,
        )

    def _missing(self, side: Ranked, key: _Key) -> Ranked:
        return [place for place in side if key(place[1]) not in self._kept]

    def _stack(self, side: Ranked, key: _Key) -> tuple[Tensor, Tensor]:
        first, second = zip(*(self._kept[key(config)] for _, config in side), strict=True)
        return torch.stack(first), torch.stack(second)


def _draws(config: ExperimentConfig) -> tuple[object, ...]:
    return config.seed, config.n, config.m, config.trials, config.dtype
