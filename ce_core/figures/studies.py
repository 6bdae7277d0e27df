"""Optuna's own pictures of a study: history, importances, slices, contours, compromises."""

import warnings
from collections.abc import Callable
from typing import Any, Final

import plotly.graph_objects as go
from optuna import visualization
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ce_core._options import require_choice, require_integer

_PICTURES: Final[dict[str, Callable[..., go.Figure]]] = {
    "history": visualization.plot_optimization_history,
    "importances": visualization.plot_param_importances,
    "slice": visualization.plot_slice,
    "contour": visualization.plot_contour,
    "parallel": visualization.plot_parallel_coordinate,
    "pareto": visualization.plot_pareto_front,
}
STUDY_PICTURES: Final = tuple(_PICTURES)
"""What may be drawn: objective by trial; how much each parameter matters; objective by each parameter;
by two of them; along all of them; of two objectives the trials that no other betters in both."""

# To say what matters, or what lies between, takes two trials; contours take two parameters.
_LEAST_TRIALS: Final = {"importances": 2}
_LEAST_PARAMETERS: Final = {"contour": 2}


def study_figure(
    study: Study, picture: str = "history", *, objective: int = 0, names: tuple[str, ...] = ()
) -> go.Figure:
    """Draw a study as Optuna does.

    Parameters
    ----------
    study
        As `Studies.study` returns it.
    picture
        One of `STUDY_PICTURES`.
    objective
        Of which of the two, where there are two: 0 or 1.
    names
        What the objectives are called, as `Objective.words` has it.

    Returns
    -------
    go.Figure
        Without traces where there is too little to draw.

    Raises
    ------
    ValueError
        If there is no such picture or objective, or "pareto" is asked of one objective.
    """
    draw = _PICTURES[require_choice("picture", picture, STUDY_PICTURES)]
    count = len(study.directions)
    objective = require_integer("objective", objective, at_least=0, below=count)
    names = names or tuple(f"objective {place}" for place in range(1, count + 1))
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    parameters = {name for trial in done for name in trial.params}
    if picture == "pareto":
        if count == 1:
            raise ValueError("picture must be of two objectives for pareto, got a study of one")
        return draw(study, target_names=list(names)) if done else go.Figure()
    enough = len(done) >= _LEAST_TRIALS.get(picture, 1)
    if not enough or len(parameters) < _LEAST_PARAMETERS.get(picture, 1):
        return go.Figure()
    target: dict[str, Any] = {"target_name": names[objective]}
    if count == 2:
        # What matters is asked of what is low.
        turned = picture == "importances" and study.directions[objective] == StudyDirection.MAXIMIZE
        target["target"] = _value(objective, -1.0 if turned else 1.0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes")
        return draw(study, **target)


def _value(objective: int, sign: float) -> Callable[[FrozenTrial], float]:
    def value(trial: FrozenTrial) -> float:
        return sign * float(trial.values[objective])

    return value
