"""How a study chooses what to try: Optuna's samplers and pruners, by the definition's words."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.samplers import BaseSampler, GridSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ce_core.studies.definition import Choices, Span, StudyDefinition
from ce_core.studies.storage import no_warning_of_experiments


def distributions_of(definition: StudyDefinition) -> dict[str, BaseDistribution]:
    """Return what each parameter may be, in Optuna's terms.

    Parameters
    ----------
    definition
        Of the study.
    """
    return {parameter.name: _distribution(parameter) for parameter in definition.parameters}


def sampler_of(definition: StudyDefinition) -> BaseSampler:
    """Return what chooses the trials.

    Parameters
    ----------
    definition
        Of the study.
    """
    if definition.sampler == "grid":
        # Its seed settles which point has which number.
        return _Grid(definition.grid or {}, seed=definition.sampler_seed)
    makers: dict[str, Callable[[int], BaseSampler]] = {
        "tpe": lambda seed: TPESampler(seed=seed),
        "random": lambda seed: RandomSampler(seed=seed),
        "nsga2": lambda seed: NSGAIISampler(seed=seed),
    }
    return _SeededByNumber(makers[str(definition.sampler)], definition.sampler_seed)


def pruner_of(definition: StudyDefinition) -> BasePruner:
    """Return what decides whether a trial is left after some of its seeds.

    Parameters
    ----------
    definition
        Of the study.
    """
    with no_warning_of_experiments():
        makers: dict[str, Callable[[], BasePruner]] = {
            "none": NopPruner,
            "median": lambda: MedianPruner(n_warmup_steps=1),
            "wilcoxon": WilcoxonPruner,
        }
        return makers[definition.pruner]()


def _distribution(parameter: Span | Choices) -> BaseDistribution:
    if isinstance(parameter, Choices):
        return CategoricalDistribution(parameter.values)
    if isinstance(parameter.low, int):
        return IntDistribution(parameter.low, int(parameter.high), log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)


class _Grid(GridSampler):
    """The grid, which here is asked for no more than its points; stopping is not its business."""

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Let the study go on: Optuna's own stops a loop that is not there."""


class _SeededByNumber(BaseSampler):
    """A sampler whose chance begins anew at each trial, by its number.

    A study that is continued then draws what it would have drawn in one go, not once more what it began
    with; and what is drawn does not depend on who draws.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        self._sampler = make(0)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin anew."""
        self._sampler = self._make(_seed(self._seed, trial.number))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return what is drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw what is drawn together."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw what is drawn alone."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Let the sampler note the outcome."""
        self._sampler.after_trial(study, trial, state, values)


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
