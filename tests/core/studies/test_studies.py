"""Studies against the experiment itself, and against what ends a run."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from ce_core import ExperimentConfig, compare_losses, run_experiment
from ce_core.jobs import Workers, open_workers
from ce_core.studies import catalogue, storage
from ce_core.studies.catalogue import Studies
from ce_core.studies.definition import Choices, Limit, Objective, Span, StudyDefinition
from ce_core.studies.export import study_rows
from ce_core.studies.storage import StorageError
from ce_core.studies.trials import all_trials, counted

SMALL = ExperimentConfig(n=6, m=5, trials=4, logit_scale=8.0, dtype="float64")


@pytest.fixture
def here() -> Iterator[Workers]:
    """Return this process as the only worker."""
    with open_workers(0) as workers:
        yield workers


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database without a study: its tables take a second to make."""
    file = tmp_path_factory.mktemp("empty") / "studies.db"
    Studies(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def studies(empty: Path, tmp_path: Path) -> Iterator[Studies]:
    """Return the studies of a new database."""
    shutil.copy(empty, tmp_path)
    with Studies(f"sqlite:///{tmp_path}/studies.db") as new:
        yield new


def search(**changes: Any) -> StudyDefinition:
    """Return a definition of two parameters, or what is made of it."""
    given: dict[str, Any] = {
        "parameters": [Span("eps", 0.05, 2.0, log=True), Span("n_iter", 1, 8)],
        "objectives": [Objective("slope", "reach", 1.1)],
        "config": SMALL,
        "sampler": "random",
    }
    return StudyDefinition(**(given | changes))


def drawn(trials: list[FrozenTrial]) -> list[dict[str, Any]]:
    """Return the parameters of trials."""
    return [trial.params for trial in trials]


def test_trials_are_the_experiments_of_their_configurations(studies: Studies, here: Workers) -> None:
    definition = search(seeds=2)
    assert studies.run("a", definition, count=4, workers=here).tally == {"done": 4}
    for trial in all_trials(studies.study("a")):
        slopes = []
        for seed in (0, 1):
            changed: dict[str, Any] = trial.params | {"seed": seed}
            config = ExperimentConfig(**(vars(SMALL) | changed))
            result = run_experiment(config)
            slopes.append(compare_losses(result.l1, result.l2, result.entropy).slope)
        mean = math.fsum(slopes) / 2
        assert trial.user_attrs["metrics"]["slope"] == mean
        assert trial.value == abs(mean - 1.1)


# TPE begins to learn after ten.
@pytest.mark.parametrize(("sampler", "count"), [("random", 5), ("tpe", 13), ("grid", 7)])
def test_a_study_that_goes_on_is_the_study_made_in_one_go(
    sampler: str, count: int, studies: Studies, here: Workers
) -> None:
    parameters = [Choices("eps", [0.1, 0.3, 1.0]), Span("n_iter", 1, 5)]
    definition = search(sampler=sampler, parameters=parameters)
    studies.run("parts", definition, count=3, workers=here)
    studies.run("parts", count=count, workers=here)
    studies.run("whole", definition, count=count, workers=here)
    parts, whole = (all_trials(studies.study(name)) for name in ("parts", "whole"))
    assert drawn(parts) == drawn(whole)
    assert [trial.values for trial in parts] == [trial.values for trial in whole]


def test_seeds_of_the_search_differ(studies: Studies, here: Workers) -> None:
    for seed in (0, 1):
        studies.run(f"{seed}", search(sampler_seed=seed), count=3, workers=here)
    first, second = (drawn(all_trials(studies.study(name))) for name in "01")
    assert first != second
    assert len({tuple(one.values()) for one in first + second}) == 6


def test_a_grid_has_each_point_once(studies: Studies, here: Workers) -> None:
    parameters = [Choices("eps", [0.1, 1.0]), Span("n_iter", 1, 3)]
    definition = search(sampler="grid", parameters=parameters)
    progress = studies.run("grid", definition, count=100, workers=here)
    assert progress.wanted == 6
    points = [tuple(sorted(one.items())) for one in drawn(all_trials(studies.study("grid")))]
    assert sorted(points) == [
        (("eps", eps), ("n_iter", n_iter)) for eps in (0.1, 1.0) for n_iter in (1, 2, 3)
    ]


def test_what_breaks_a_limit_is_not_the_best(studies: Studies, here: Workers) -> None:
    parameters = [Span("n_iter", 1, 6)]
    free = search(
        sampler="grid", parameters=parameters, objectives=[Objective("marginal_error", "maximise")]
    )
    limited = search(
        sampler="grid",
        parameters=parameters,
        objectives=[Objective("marginal_error", "maximise")],
        limits=[Limit("marginal_error", 0.01)],
    )
    for name, definition in (("free", free), ("limited", limited)):
        studies.run(name, definition, count=6, workers=here)
    errors = {row["n_iter"]: row["marginal_error"] for row in study_rows(studies.study("free"))}
    (best,) = studies.summary("free").best
    (kept,) = studies.summary("limited").best
    assert best.value == max(errors.values())
    assert kept.value == max(error for error in errors.values() if error <= 0.01)
    keeps = {row["n_iter"]: row["keeps_limits"] for row in study_rows(studies.study("limited"))}
    assert keeps == {n_iter: error <= 0.01 for n_iter, error in errors.items()}


def test_two_objectives_have_the_best_compromises(studies: Studies, here: Workers) -> None:
    objectives = [Objective("marginal_error"), Objective("entropy_share", "maximise")]
    parameters = [Span("n_iter", 1, 6), Choices("logit_scale", [1.0, 8.0])]
    studies.run(
        "two", search(objectives=objectives, parameters=parameters, sampler="grid"), workers=here
    )
    rows = [(row["marginal_error"], row["entropy_share"]) for row in study_rows(studies.study("two"))]
    front = [
        one
        for one in rows
        if not any(other != one and other[0] <= one[0] and other[1] >= one[1] for other in rows)
    ]
    best = studies.summary("two").best
    assert sorted((error, share) for error, share in (trial.values for trial in best)) == sorted(front)


def test_what_does_not_exist_fails_with_its_reason(studies: Studies, here: Workers) -> None:
    # One trial of an experiment shows no line.
    definition = search(parameters=[Choices("trials", [1, 4])], sampler="grid")
    assert studies.run("a", definition, workers=here).tally == {"done": 1, "failed": 1}
    reasons = {row["trials"]: row["reason"] for row in study_rows(studies.study("a"))}
    assert reasons == {1: "slope does not exist there", 4: None}


@pytest.mark.parametrize("pruner", ["median", "wilcoxon"])
def test_pruned_trials_have_measured_fewer_seeds(pruner: str, studies: Studies, here: Workers) -> None:
    parameters = [Span("logit_scale", 1.0, 30.0)]
    objectives = [Objective("l1_mean")]
    definition = search(parameters=parameters, objectives=objectives, seeds=5, pruner=pruner)
    progress = studies.run("a", definition, count=12, workers=here)
    assert progress.tally.total() == 12
    assert progress.tally["pruned"] > 0
    for trial in all_trials(studies.study("a")):
        measured = len(trial.intermediate_values)
        assert (measured < 5) if trial.state == TrialState.PRUNED else (measured == 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 3}, "seeds must be as the study was made with, 1, got 3: take another name"),
        ({"sampler_seed": 1}, "sampler_seed must be as the study was made with, 0, got 1"),
        ({"config": ExperimentConfig(n=7)}, "config must be as the study was made with"),
        ({"objectives": [Objective("r")]}, "objectives must be as the study was made with"),
    ],
)
def test_another_definition_under_a_name_is_refused(
    changes: dict[str, Any], message: str, studies: Studies, here: Workers
) -> None:
    studies.run("a", search(), count=1, workers=here)
    with pytest.raises(ValueError, match=message) as refused:
        studies.run("a", search(**changes), workers=here)
    assert len(str(refused.value)) <= 200
    assert studies.run("a", search(), count=2, workers=here).tally == {"done": 2}


def test_another_version_is_refused(
    studies: Studies, here: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies.run("a", search(), count=1, workers=here)
    monkeypatch.setattr("ce_core.__version__", "9.0")
    with pytest.raises(ValueError, match=r"versions must be as the study was made with, .*got .*9\.0"):
        studies.run("a", count=2, workers=here)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, None, 3])
def test_a_name_that_is_none_is_refused(name: Any, studies: Studies, here: Workers) -> None:
    with pytest.raises(ValueError, match="name must be a line of 1 to 100 characters"):
        studies.run(name, search(), workers=here)


def test_what_is_not_there_is_refused(studies: Studies, here: Workers) -> None:
    for ask in (
        lambda: studies.run("a", workers=here),
        lambda: studies.summary("a"),
        lambda: studies.rename("a", "b"),
        lambda: studies.delete("a"),
    ):
        with pytest.raises(ValueError, match="name must be that of a study that is there, got 'a'"):
            ask()


def test_a_renamed_study_goes_on_and_a_deleted_one_is_gone(studies: Studies, here: Workers) -> None:
    studies.run("a", search(), count=2, workers=here)
    studies.run("b", search(), count=1, workers=here)
    with pytest.raises(ValueError, match="name must be one that no study has, got 'b'"):
        studies.rename("a", "b")
    studies.rename("a", "c: “d” 'e'")
    assert studies.names() == ["b", "c: “d” 'e'"]
    assert studies.run("c: “d” 'e'", count=3, workers=here).tally == {"done": 3}
    studies.delete("b")
    assert studies.names() == ["c: “d” 'e'"]


def test_a_study_that_is_deleted_while_it_runs_ends_in_a_line(studies: Studies, here: Workers) -> None:
    def delete(_: object) -> None:
        if "a" in studies.names():
            studies.delete("a")

    with pytest.raises(StorageError, match="the study has been deleted while it ran"):
        studies.run("a", search(), count=5, workers=here, report=delete)


def test_what_else_is_wrong_is_not_called_deleted(studies: Studies, here: Workers) -> None:
    def rename_and_fail(_: object) -> None:
        studies.rename("a", "b")
        raise KeyError("of the one who asked")

    with pytest.raises(KeyError, match="of the one who asked"):
        studies.run("a", search(), count=5, workers=here, report=rename_and_fail)


def test_of_two_that_make_a_study_the_first_says_what_it_is(
    studies: Studies, here: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_once = storage.set_once

    def after_another(*arguments: Any) -> None:
        monkeypatch.setattr(catalogue, "set_once", set_once)
        studies.run("a", search(), count=1, workers=here)
        set_once(*arguments)

    monkeypatch.setattr(catalogue, "set_once", after_another)
    with pytest.raises(ValueError, match="seeds must be as the study was made with, 1, got 2"):
        studies.run("a", search(seeds=2), count=1, workers=here)
    assert studies.summary("a").definition == search()


@pytest.mark.parametrize("changes", [{"format": 2}, {"parameters": 3}])
def test_a_study_of_another_form_is_listed_and_deleted_and_not_run(
    studies: Studies, here: Workers, changes: dict[str, Any]
) -> None:
    studies.run("a", search(), count=1, workers=here)
    studies.study("a").set_user_attr("definition", search().as_json() | changes)
    found = studies.summary("a")
    assert (found.definition, found.tally) == (None, {"done": 1})
    for definition in (None, search()):
        with pytest.raises(ValueError, match=r"format must be 1, got 2|definition must be as as_json"):
            studies.run("a", definition, workers=here)
    studies.delete("a")
    assert studies.names() == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("LAB_STORAGE", raising=False)
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(NotADirectoryError, match="file/data"):
        Studies()


def test_a_study_of_someone_elses_is_shown_and_not_run(
    studies: Studies, here: Workers, tmp_path: Path
) -> None:
    storage = f"sqlite:///{tmp_path}/studies.db"
    optuna.create_study(study_name="other", storage=storage).add_trial(optuna.create_trial(value=1.0))
    for kept in (None, "words of theirs"):
        if kept:
            optuna.load_study(study_name="other", storage=storage).set_user_attr("definition", kept)
        found = studies.summary("other")
        assert (found.definition, found.versions) == (None, {})
    with pytest.raises(ValueError, match="name must be that of a study that was made here"):
        studies.run("other", search(), workers=here)


def test_a_run_that_is_cancelled_is_gone_on_with(studies: Studies) -> None:
    asked = iter([False, False, True])
    with open_workers(2) as two:
        stopped = studies.run("a", search(), count=12, workers=two, cancelled=lambda: next(asked, True))
    assert stopped.tally["running"] == 0
    assert stopped.tally["done"] < 12
    with open_workers(0) as here:
        assert studies.run("a", count=12, workers=here).tally == {"done": 12}
    trials = counted(all_trials(studies.study("a")))
    assert len({tuple(trial.params.items()) for trial in trials}) == 12
