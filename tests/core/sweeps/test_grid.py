"""The points of a grid are those of `run_experiment`, whatever they share and however they are cut."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from ce_core import ExperimentConfig, compare_losses, run_experiment
from ce_core.experiment import inputs
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.grid import GridPart, gather, run_grid
from ce_core.sweeps.measure import Measure
from ce_core.sweeps.metrics import GRADIENT_METRICS, METRICS, metrics_of
from tests.support.closeness import close_to

SMALL = ExperimentConfig(n=7, m=5, trials=3, dtype="float64")
LOSSES = [metric for metric in METRICS if metric not in GRADIENT_METRICS]
VALUES: dict[str, list[Any]] = {
    "n": [3, 8],
    "m": [2, 9],
    "trials": [1, 5],
    "logit_exponent": [0.0, 1.0, 4.0, 2.3],
    "cost_exponent": [0.0, 1.0, 1.5, 40.0],
    "eps": [0.01, 0.5, 30.0],
    "n_iter": [1, 10],
    "logit_scale": [1e-3, 1.0, 16.0, 4096.0],
    "seed": [3, 2**63 - 1],
    "dtype": ["float64", "float32", "bfloat16", "float16"],
}
PAIRS = [
    ("eps", "logit_scale"),
    ("logit_scale", "eps"),
    ("logit_exponent", "logit_scale"),
    ("logit_scale", "logit_exponent"),
    ("cost_exponent", "n_iter"),
    ("eps", "cost_exponent"),
    ("logit_exponent", "cost_exponent"),
    ("n", "logit_scale"),
    ("eps", "m"),
    ("trials", "seed"),
    ("dtype", "logit_scale"),
    ("n", "m"),
]


def points_of(config: ExperimentConfig, *names: str, **options: Any) -> Any:
    """Yield each point of a grid: its configuration, and its numbers by metric."""
    result = run_grid(config, [Axis(name, VALUES[name]) for name in names], METRICS, **options)
    for row in range(result.grid.shape[0]):
        for column in range(result.grid.shape[1]):
            place = (row, column) if len(names) > 1 else (column,)
            measured = {name: values[place].item() for name, values in result.columns.items()}
            yield result.grid.config_at(row, column), measured


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_run_grid_is_the_experiment_at_each_point(x: str, y: str) -> None:
    for config, found in points_of(SMALL, x, y):
        result = run_experiment(config)
        for metric, value in metrics_of(result).items():
            # Where L1 hardly varies, its deviations have fewer digits than it has.
            spread = compare_losses(result.l1, result.l2, result.entropy).l1_spread
            loose = 1e-14 / spread if spread > 0 else 1e-14
            if config.dtype == "float32":
                loose = 1e-6 + 4 * result.rounding.max().item() / spread
            assert math.isnan(value) == math.isnan(found[metric]), (metric, config)
            if not math.isnan(value):
                assert found[metric] == close_to(value, rel=1e-12 + loose, abs=1e-12 + loose), (
                    metric,
                    config,
                )


@pytest.mark.parametrize("name", VALUES)
def test_run_grid_along_one_axis_has_one_dimension(name: str) -> None:
    result = run_grid(SMALL, Axis(name, VALUES[name]), "l1_mean")
    assert result.columns["l1_mean"].shape == result.computed.shape == (len(VALUES[name]),)
    assert result.computed.all()
    for value, found in zip(VALUES[name], result.columns["l1_mean"], strict=True):
        l1 = run_experiment(replace(SMALL, **{name: value})).l1.nanmean()
        assert found.item() == close_to(l1.item(), rel=1e-6)


def random_points(count: int) -> list[tuple[ExperimentConfig, dict[str, float]]]:
    """Return points of grids whose axes are drawn at random."""
    generator = np.random.default_rng(20)
    found: list[tuple[ExperimentConfig, dict[str, float]]] = []
    while len(found) < count:
        config = ExperimentConfig(
            n=int(generator.integers(1, 20)),
            m=int(generator.integers(2, 20)),
            trials=int(generator.integers(3, 12)),
            seed=int(generator.integers(2**62)),
            dtype="float64",
        )
        scales, regularisations = (
            (10 ** generator.uniform(*ends, 3)).tolist() for ends in ((-1, 3), (-2, 1))
        )
        result = run_grid(config, [Axis("logit_scale", scales), Axis("eps", regularisations)], METRICS)
        place = tuple(generator.integers(0, 3, 2).tolist())
        measured = {name: values[place].item() for name, values in result.columns.items()}
        found.append((result.grid.config_at(*place), measured))
    return found


def assert_scipy_agrees(points: list[tuple[ExperimentConfig, dict[str, float]]]) -> None:
    for config, found in points:
        result = run_experiment(config)
        line = scipy.stats.linregress(result.l1.numpy(), result.l2.numpy())
        loose = 1e-13 / result.l1.std().item()
        assert found["r"] == close_to(line.rvalue, rel=1e-9, abs=1e-9 + loose), config
        assert found["slope"] == close_to(line.slope, rel=1e-9 + loose, abs=1e-9 + loose), config


def test_run_grid_has_scipys_r_and_slope_at_random_points() -> None:
    assert_scipy_agrees(random_points(10))


@pytest.mark.long
def test_run_grid_has_scipys_r_and_slope_at_a_thousand_random_points() -> None:
    assert_scipy_agrees(random_points(1000))


@pytest.mark.parametrize(
    ("x", "y", "metrics"),
    [
        ("eps", "logit_scale", LOSSES),
        ("logit_scale", "eps", METRICS),
        ("logit_exponent", "logit_scale", LOSSES),
        ("logit_scale", "logit_exponent", GRADIENT_METRICS),
        ("cost_exponent", "n_iter", LOSSES),
        ("logit_exponent", "cost_exponent", METRICS),
        ("dtype", "m", LOSSES),
    ],
)
def test_measure_has_the_same_bits_however_the_grid_is_cut(
    x: str, y: str, metrics: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two trials at a time.
    monkeypatch.setattr(inputs, "CHUNK_ENTRIES", 70)
    axes = [Axis(name, VALUES[name]) for name in (x, y)]
    whole = run_grid(SMALL, axes, metrics, seeds=2)
    for tile in ((1, 1), (2, 3)):
        measure = Measure(whole.grid)
        regions = [*whole.grid.regions(tile)][::-1]
        cut = gather(whole.grid, (GridPart(region, measure(region)) for region in regions))
        for name, column in whole.columns.items():
            torch.testing.assert_close(cut.columns[name], column, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("axes", "tile"),
    [
        ((Axis.logarithmic("eps", 0.1, 10, 40), Axis.logarithmic("logit_scale", 1, 64, 19)), (7, 23)),
        ((Axis.linear("logit_exponent", 0, 4, 5), Axis.logarithmic("logit_scale", 1, 64, 20)), (11, 2)),
        ((Axis.logarithmic("eps", 0.1, 10, 5), Axis.linear("cost_exponent", 0, 4, 20)), (11, 2)),
    ],
    ids=["sides", "logits", "targets"],
)
def test_measure_has_the_same_bits_where_those_of_a_product_depend_on_the_place(
    axes: tuple[Axis, Axis], tile: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = torch.matmul

    def by_place(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = real(left, right)
        places = torch.arange(product.shape[-1]) + 100 * torch.arange(product.shape[-2])[:, None]
        return product * (1 + 1e-9 * places)

    monkeypatch.setattr(torch, "matmul", by_place)
    config = ExperimentConfig(n=3, m=4, trials=2)
    whole = run_grid(config, axes, GRADIENT_METRICS)
    measure = Measure(whole.grid)
    cut = gather(whole.grid, (GridPart(region, measure(region)) for region in whole.grid.regions(tile)))
    for name, column in whole.columns.items():
        assert torch.equal(cut.columns[name], column)


def test_run_grid_repeats_each_point_with_its_seeds() -> None:
    axes = Axis("eps", [0.1, 1.0])
    found = run_grid(SMALL, axes, ["slope", "r"], seeds=3).columns
    assert list(found) == ["slope", "slope_low", "slope_high", "r", "r_low", "r_high"]
    alone = [run_grid(replace(SMALL, seed=seed), axes, ["slope"]).columns["slope"] for seed in range(3)]
    values = torch.stack(alone)
    assert torch.equal(found["slope"], values.mean(0))
    assert torch.equal(found["slope_low"], values.amin(0))
    assert torch.equal(found["slope_high"], values.amax(0))


def test_run_grid_says_nan_where_one_seed_has_no_such_number() -> None:
    # In half precision all trials round to one value.
    config = ExperimentConfig(n=200, m=64, trials=2, dtype="float16")
    axis = Axis("seed", range(12))
    slopes = run_grid(config, axis, "slope").columns["slope"]
    assert slopes.isnan().any()
    assert not slopes.isnan().all()
    banded = run_grid(config, Axis("eps", [0.5]), "slope", seeds=12).columns
    assert all(column.isnan().all() for column in banded.values())


@pytest.mark.parametrize(
    ("config", "axis"),
    [
        (replace(SMALL, dtype="float32"), Axis("logit_scale", [1e39, 1e25, 1e-25, 1e-44])),
        (replace(SMALL, dtype="float32"), Axis("logit_exponent", [1000.0, 400.0])),
        (SMALL, Axis("logit_scale", [1e308, 1e200, 1e-200, 5e-324])),
        (SMALL, Axis("logit_exponent", [1e5, 4000.0])),
    ],
    ids=["float32_scale", "float32_exponent", "float64_scale", "float64_exponent"],
)
def test_run_grid_is_the_experiment_to_the_last_bit_beyond_the_range_of_the_dtype(
    config: ExperimentConfig, axis: Axis
) -> None:
    result = run_grid(config, axis, METRICS)
    for column in range(len(axis.values)):
        alone = metrics_of(run_experiment(result.grid.config_at(0, column)))
        for metric in METRICS:
            found = result.columns[metric][column].item()
            assert found == alone[metric] or math.isnan(found) == math.isnan(alone[metric]) is True


def test_measure_computes_once_what_regions_share(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[None] = []
    real = torch.exp

    def count(*args: Any, **options: Any) -> Any:
        made.append(None)
        return real(*args, **options)

    monkeypatch.setattr(torch, "exp", count)
    grid = run_grid(SMALL, [Axis("eps", [0.1, 0.2, 0.3]), Axis("logit_scale", [1.0, 2.0])], "r").grid
    made.clear()
    measure = Measure(grid)
    for region in grid.regions((1, 1)):
        measure(region)
    assert len(made) == 2


def test_measure_leaves_the_threads_as_they_were() -> None:
    threads = torch.get_num_threads()
    run_grid(SMALL, Axis("eps", [0.5]), "r")
    assert torch.get_num_threads() == threads
