"""What a study searches for: kept as JSON, refused where it cannot be."""

import json
from typing import Any

import pytest

from ce_core import ExperimentConfig
from ce_core.studies.definition import Choices, Limit, Objective, Span, StudyDefinition
from ce_core.studies.sampling import distributions_of

pytestmark = pytest.mark.usefixtures("without_shape_checks")


def definition(**changes: Any) -> StudyDefinition:
    """Return a definition of one parameter and one objective, or what is made of it."""
    given: dict[str, Any] = {
        "parameters": [Span("eps", 0.05, 2.0, log=True)],
        "objectives": [Objective("slope")],
    }
    return StudyDefinition(**(given | changes))


def test_definition_comes_back_from_json() -> None:
    whole = definition(
        parameters=[Span("eps", 0.05, 2.0, log=True), Span("n_iter", 1, 9), Choices("m", [3, 7])],
        objectives=[Objective("r", "maximise"), Objective("slope", "reach", 1.5)],
        limits=[Limit("marginal_error", 0.01)],
        config=ExperimentConfig(logit_scale=16.0, dtype="float64"),
        seeds=3,
        sampler_seed=7,
    )
    plain = json.loads(json.dumps(whole.as_json()))
    assert StudyDefinition.from_json(plain) == whole
    assert plain == whole.as_json()
    assert plain["versions"].keys() == {"ce_core", "torch"}


def test_definition_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format must be 1, got 2"):
        StudyDefinition.from_json(definition().as_json() | {"format": 2})
    for change in ({"parameters": [{"width": 1}]}, {"limits": None}, {"more": 1}, {"config": 3}):
        with pytest.raises(ValueError, match="definition must be as as_json writes it, got") as refused:
            StudyDefinition.from_json(definition().as_json() | change)
        assert len(str(refused.value)) <= 200
    with pytest.raises(ValueError, match="definition must be as as_json writes it, got \"'parameters'"):
        StudyDefinition.from_json({"format": 1})


@pytest.mark.parametrize(
    ("objectives", "sampler"),
    [([Objective("r")], "tpe"), ([Objective("r"), Objective("slope")], "nsga2")],
    ids=["one", "two"],
)
def test_definition_has_the_sampler_of_its_objectives(
    objectives: list[Objective], sampler: str
) -> None:
    assert definition(objectives=objectives).sampler == sampler


def test_parameters_are_read_as_the_configuration_reads_them() -> None:
    found = distributions_of(
        definition(parameters=[Span("n_iter", 2, 5), Choices("eps", [1, 2]), Span("eps", 1, 2)][:2])
    )
    assert [str(one) for one in found.values()] == [
        "IntDistribution(high=5, log=False, low=2, step=1)",
        "CategoricalDistribution(choices=(1.0, 2.0))",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Span("dtype", 0, 1), "name must be one of n, m, trials"),
        (lambda: Span("eps", 0.0, 1.0), "eps must be finite and > 0, got 0.0"),
        (lambda: Span("eps", 2.0, 1.0), "high of eps must be > low, which is 2.0, got 1.0"),
        (lambda: Span("n_iter", 1, 2.5), "n_iter must be an integer >= 1"),
        (lambda: Span("seed", 0, 9, log=True), "low of seed must be > 0 where ratios count, got 0"),
        (lambda: Choices("eps", []), "values of eps must be 1 to 10000, got 0"),
        (lambda: Choices("eps", [1, 1.0]), "values of eps must be each there once"),
        (lambda: Choices("dtype", ["float8"]), "dtype must be one of float64"),
        (lambda: Objective("loss"), "metric must be one of r, slope"),
        (lambda: Objective("r", "lower"), "aim must be one of minimise, maximise, reach, got 'lower'"),
        (lambda: Objective("r", "reach"), "value must be finite, got None"),
        (lambda: Objective("r", "minimise", 1.0), "value must be None for the aim minimise, got 1.0"),
        (lambda: Limit("r", float("inf")), "at_most must be finite, got inf"),
        (lambda: definition(parameters=[]), r"parameters must be at least one, got \[\]"),
        (lambda: definition(parameters=["eps"]), "parameters must hold no other than Span | Choices"),
        (lambda: definition(objectives=[]), "objectives must be one or two, got 0"),
        (lambda: definition(parameters=[Span("m", 2, 3), Choices("m", [5])]), "each there once"),
        (lambda: definition(seeds=0), "seeds must be an integer >= 1"),
        (
            lambda: definition(parameters=[Span("seed", 0, 9)], seeds=2),
            "seeds must be 1 where the seed is a parameter, got 2",
        ),
        (lambda: definition(sampler="best"), "sampler must be one of tpe, random, grid, nsga2"),
        (lambda: definition(sampler="grid"), "eps must be a list, or at most 10000 whole numbers"),
        (lambda: definition(pruner="median"), "pruner must be none with one seed or two objectives"),
        (
            lambda: definition(parameters=[Span("n", 1, 10**6), Span("m", 2, 10**6)]),
            "n must ask for at most 2147483648 numbers at once",
        ),
    ],
)
def test_definition_that_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        make()
    assert len(str(refused.value)) <= 200
