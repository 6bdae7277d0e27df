"""The temperature of an entropy, and what softmax(a/T) is like: SciPy and autograd."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import log_softmax

from ce_core import TuningStatus, softmax, temperature_curve, temperature_for_entropy
from ce_core.tuning.score_sets import score_set
from tests.support.cases import INF, NAN, uniform
from tests.support.closeness import close_to


def entropy_at(row: np.ndarray, temperature: float) -> float:
    logarithms = log_softmax(row / temperature)
    return float(-(np.exp(logarithms) * logarithms).sum())


@pytest.mark.parametrize("wanted", [1e-6, 0.3, 1.0, 1.6])
@pytest.mark.parametrize("seed", range(4))
def test_temperature_is_the_root(seed: int, wanted: float) -> None:
    row = np.random.default_rng(seed).normal(size=5) * 10.0 ** (seed - 1)
    found = temperature_for_entropy(row, entropy=wanted)
    assert found.status == int(TuningStatus.REACHED)
    temperature = found.temperature.item()
    expected = brentq(
        lambda exponent: entropy_at(row, math.exp(exponent)) - wanted,
        *(math.log(temperature) - 1, math.log(temperature) + 1),
        xtol=1e-14,
    )
    # Where the entropy is flat, rounding moves the root.
    assert temperature == close_to(math.exp(expected), rel=1e-8)
    assert found.entropy.item() == close_to(wanted, abs=1e-9)


def test_each_row_has_its_own() -> None:
    rows = uniform(2, 3, 6)
    found = temperature_for_entropy(rows, entropy=1.2)
    assert found.temperature.shape == (2, 3)
    for row, temperature in zip(rows.reshape(-1, 6), found.temperature.flatten(), strict=True):
        assert temperature.item() == temperature_for_entropy(row, entropy=1.2).temperature.item()


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e300])
@pytest.mark.parametrize("offset", [0.0, 7.0])
def test_temperature_is_in_the_unit_of_the_logits(scale: float, offset: float) -> None:
    row = torch.tensor([0.0, 1.0, 3.0, 3.5]).double()
    expected = temperature_for_entropy(row, entropy=0.8).temperature.item()
    found = temperature_for_entropy((row + offset) * scale, entropy=0.8)
    assert found.temperature.item() / scale == close_to(expected, rel=1e-12)


def test_logits_ever_so_near_are_told_apart() -> None:
    found = temperature_for_entropy(torch.tensor([0.0, 1e-12, -1.0]).double(), entropy=0.5)
    assert found.status == int(TuningStatus.REACHED)
    assert entropy_at(np.array([0.0, 1e-12]), found.temperature.item()) == close_to(0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("row", "entropy", "status", "lowest", "highest"),
    [
        ([1.0, 1.0, 0.0], 0.5, "TOO_LOW", math.log(2), math.log(3)),
        ([1.0, 0.5, 0.0], 1.2, "TOO_HIGH", 0.0, math.log(3)),
        ([1.0, 1.0, 1.0], math.log(3), "REACHED", math.log(3), math.log(3)),
        ([1.0, 1.0, 1.0], 1.0, "TOO_LOW", math.log(3), math.log(3)),
        ([1.0, -INF, 0.0], 0.7, "TOO_HIGH", 0.0, math.log(2)),
        ([4.0], 0.0, "REACHED", 0.0, 0.0),
        ([1.0, 0.0], 0.0, "REACHED", 0.0, math.log(2)),
        ([1.0, -INF], 0.1, "TOO_HIGH", 0.0, 0.0),
        ([1.0, NAN], 0.1, "INVALID", NAN, NAN),
        ([1.0, INF], 0.1, "INVALID", NAN, NAN),
        ([-INF, -INF], 0.1, "INVALID", NAN, NAN),
    ],
)
def test_what_is_out_of_reach_says_what_is_within(
    row: list[float], entropy: float, status: str, lowest: float, highest: float
) -> None:
    found = temperature_for_entropy(torch.tensor(row).double(), entropy=entropy)
    assert TuningStatus(int(found.status)).name == status
    assert found.lowest.item() == close_to(lowest, rel=1e-12, nan_ok=True)
    assert found.highest.item() == close_to(highest, rel=1e-12, nan_ok=True)
    assert found.temperature.isnan().item() == (status != "REACHED")


def test_curve_is_softmax_and_its_gradient() -> None:
    a = uniform(2, 5) * 4
    temperatures = [0.1, 1.0, 7.0]
    curve = temperature_curve(a, temperatures=temperatures)
    for index, temperature in enumerate(temperatures):
        for row in range(2):
            p = softmax(a[row] / temperature)
            assert curve.largest[index, row].item() == close_to(p.max().item(), rel=1e-12)
            expected = entropy_at(a[row].numpy(), temperature)
            assert curve.entropy[index, row].item() == close_to(expected, rel=1e-12)
            square = 0.0
            for label in range(5):
                leaf = a[row].clone().requires_grad_()
                torch.nn.functional.cross_entropy(leaf / temperature, torch.tensor(label)).backward()  # type: ignore[no-untyped-call]
                assert leaf.grad is not None
                square += (p[label] * leaf.grad.square().sum()).item()
            assert curve.gradient[index, row].item() == close_to(math.sqrt(square), rel=1e-10)


def test_gradient_of_a_sure_row_keeps_its_digits() -> None:
    curve = temperature_curve(torch.tensor([0.0, -80.0]).double(), temperatures=[1.0])
    # 1 - p² - q² = 2 p q.
    assert curve.gradient.item() == close_to(math.sqrt(2 * math.exp(-80)), rel=1e-12)


def test_curve_of_a_row_without_softmax_is_nan() -> None:
    curve = temperature_curve([[1.0, NAN], [1.0, 0.0]], temperatures=[1.0])
    assert curve.entropy.isnan().tolist() == [[True, False]]


@pytest.mark.parametrize("entropy", [-0.1, NAN, INF])
def test_entropy_that_is_none_is_refused(entropy: float) -> None:
    with pytest.raises(ValueError, match=r"^entropy must be finite and >= 0, got"):
        temperature_for_entropy([1.0, 0.0], entropy=entropy)


def test_temperature_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^temperatures must be finite and > 0, got"):
        temperature_curve([1.0, 0.0], temperatures=[1.0, 0.0])


def test_temperature_is_found_where_newton_first_steps_to_the_coldest() -> None:
    rows = torch.as_tensor(score_set("dinov2").scores)
    found = temperature_for_entropy(rows, entropy=1.0)
    assert (found.status == int(TuningStatus.REACHED)).all()
    for row, temperature in zip(rows.numpy(), found.temperature.tolist(), strict=True):
        assert entropy_at(row, temperature) == close_to(1.0, rel=1e-12)
