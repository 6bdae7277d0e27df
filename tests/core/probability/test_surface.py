"""The surface of one probability over two logits: the logistic function, other logits, bounds."""

import math
from typing import Any

import pytest
import torch

from ce_core import softmax, softmax_surface
from tests.support.cases import tensor64
from tests.support.closeness import close_to


@pytest.mark.parametrize("temperature", [0.01, 1.0, 100.0])
def test_softmax_surface_of_two_classes_is_logistic_in_the_difference(temperature: float) -> None:
    surface = softmax_surface([7.0, -3.0], low=-4.0, high=6.0, points=11, temperature=temperature)
    gaps = (surface.first - surface.second.unsqueeze(-1)) / temperature
    torch.testing.assert_close(surface.p, torch.sigmoid(gaps), rtol=1e-13, atol=1e-300)


def test_softmax_surface_keeps_the_other_logits() -> None:
    a = tensor64(0.0, 0.0, 1.5, -2.0)
    surface = softmax_surface(a, low=-1.0, high=1.0, points=5, temperature=0.5)
    moved = a.clone()
    moved[0], moved[1] = surface.first[3], surface.second[1]
    assert surface.p[1, 3].item() == close_to(softmax(moved / 0.5)[0].item(), rel=1e-14)
    assert a.tolist() == [0, 0, 1.5, -2]


def test_softmax_surface_spans_the_square() -> None:
    surface = softmax_surface([0.0, 0.0], low=795.0, high=805.0)
    assert surface.p.shape == (41, 41)
    assert surface.first[[0, 20, -1]].tolist() == [795, 800, 805]


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str
)
@pytest.mark.parametrize("temperature", [1e-308, 5e-324, 1e-40, 1e-6])
def test_softmax_surface_of_a_tiny_temperature_is_a_step(
    temperature: float, dtype: torch.dtype
) -> None:
    a = torch.tensor([0.0, 0.0, -9.0, -math.inf], dtype=dtype)
    surface = softmax_surface(a, low=-5.0, high=5.0, points=3, temperature=temperature)
    assert surface.p.tolist() == [[0.5, 1, 1], [0, 0.5, 1], [0, 0, 0.5]]
    assert surface.p.dtype == dtype


def test_softmax_surface_of_a_huge_temperature_holds_what_a_difference_would_not() -> None:
    surface = softmax_surface([0.0, 0.0, -1.7e308], low=0.0, high=1.7e308, points=2, temperature=1e308)
    powers = [math.exp(x) for x in (1.7, 0.0, -1.7)]
    assert surface.p[0, 1].item() == close_to(powers[0] / sum(powers))


def test_softmax_surface_has_the_derivative_in_the_logits_that_stay() -> None:
    def corner(a: torch.Tensor) -> torch.Tensor:
        return softmax_surface(a, low=-1.0, high=1.0, points=2).p[0, 1]

    a = tensor64(0.0, 0.0, 0.3)
    p = softmax(tensor64(1.0, -1.0, 0.3))
    gradient = torch.func.grad(corner)(a)
    torch.testing.assert_close(gradient, tensor64(0.0, 0.0, (-p[0] * p[2]).item()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": [1.0]}, "a must have at least 2 entries"),
        ({"a": [[1.0, 2.0]]}, "a must be one row"),
        ({"low": math.nan}, "low must be finite, got nan"),
        ({"high": -5.0}, "high must be finite and > -5, got -5.0"),
        ({"points": 1}, "points must be an integer >= 2, got 1"),
        ({"temperature": 0.0}, "temperature must be finite and > 0, got 0.0"),
    ],
    ids=str,
)
def test_softmax_surface_refuses(arguments: dict[str, Any], message: str) -> None:
    valid: dict[str, Any] = {"a": [0.0, 0.0], "low": -5.0, "high": 5.0}
    with pytest.raises(ValueError, match=f"^{message}"):
        softmax_surface(**(valid | arguments))


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (torch.float64, -1.7e308, 1.7e308),
        (torch.float32, -1e300, 1e300),
        (torch.float16, 1e5, 2e5),
    ],
)
def test_softmax_surface_refuses_a_square_beyond_the_dtype(
    dtype: torch.dtype, low: float, high: float
) -> None:
    with pytest.raises(ValueError, match="low, high and high - low must be within"):
        softmax_surface(torch.zeros(2, dtype=dtype), low=low, high=high)
