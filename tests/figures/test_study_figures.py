"""Optuna's pictures hold the trials of the study."""

from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.study import Study, StudyDirection

from ce_core.figures.studies import STUDY_PICTURES, study_figure

DISTRIBUTIONS: dict[str, Any] = {"eps": FloatDistribution(0.1, 2.0), "n_iter": IntDistribution(1, 9)}
POINTS = [(0.2, 1), (0.5, 7), (1.5, 3), (1.0, 4), (0.7, 9)]


def study_of(objectives: int, trials: int = len(POINTS), parameters: int = 2) -> Study:
    """Return a study whose objectives are eps · n_iter and n_iter."""
    directions = [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE][:objectives]
    study = optuna.create_study(directions=directions)
    for eps, n_iter in POINTS[:trials]:
        kept = dict(list(DISTRIBUTIONS.items())[:parameters])
        params = {"eps": eps, "n_iter": n_iter}
        study.add_trial(
            optuna.create_trial(
                params={name: params[name] for name in kept},
                distributions=kept,
                values=[eps * n_iter, float(n_iter)][:objectives],
            )
        )
    return study


def test_history_holds_the_values_in_order() -> None:
    figure = study_figure(study_of(1), names=("slope",))
    assert list(figure.data[0].y) == [eps * n_iter for eps, n_iter in POINTS]
    assert list(figure.data[1].y) == [0.2, 0.2, 0.2, 0.2, 0.2]
    assert figure.layout.yaxis.title.text == "slope"


def test_pareto_holds_the_compromises() -> None:
    figure = study_figure(study_of(2), "pareto", names=("a", "b"))
    best = {(0.2 * 1, 1.0), (0.5 * 7, 7.0), (0.7 * 9, 9.0)}
    drawn = {tuple(point) for trace in figure.data for point in zip(trace.x, trace.y, strict=True)}
    front = {tuple(point) for point in zip(figure.data[-1].x, figure.data[-1].y, strict=True)}
    assert drawn == {(eps * n_iter, float(n_iter)) for eps, n_iter in POINTS}
    assert front == best


@pytest.mark.parametrize("picture", [name for name in STUDY_PICTURES if name != "pareto"])
@pytest.mark.parametrize(("objectives", "objective"), [(1, 0), (2, 1)])
def test_each_picture_is_drawn(picture: str, objectives: int, objective: int) -> None:
    figure = study_figure(study_of(objectives), picture, objective=objective, names=("first", "second"))
    assert figure.data
    figure.to_json()
    if picture != "importances":
        assert ("first", "second")[objective] in str(figure)


@pytest.mark.parametrize("picture", STUDY_PICTURES)
def test_a_study_with_nothing_to_draw_is_an_empty_figure(picture: str) -> None:
    assert not study_figure(study_of(2, trials=0), picture).data


def test_too_little_to_draw_is_an_empty_figure() -> None:
    assert not study_figure(study_of(1, trials=1), "importances").data
    assert not study_figure(study_of(1, parameters=1), "contour").data


@pytest.mark.parametrize(
    ("picture", "objective", "message"),
    [
        ("pie", 0, "picture must be one of history, importances, slice"),
        ("history", 1, "objective must be an integer >= 0 and < 1, got 1"),
        ("pareto", 0, "picture must be of two objectives for pareto, got a study of one"),
    ],
)
def test_a_picture_that_cannot_be_is_refused(picture: str, objective: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        study_figure(study_of(1), picture, objective=objective)
