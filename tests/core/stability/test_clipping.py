"""What a floor costs: the value stops at -log floor, and the gradient is 0 from there on."""

import math

import pytest
import torch

from ce_core import DTYPES, clipping_curves, clipping_gap, cross_entropy_grad
from ce_core.stability.exact_arithmetic import exact_steps
from tests.support.closeness import close_to

FLOORS = (1e-2, 1e-4, 1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_clipping_curves_stop_at_the_floor_and_die_there(dtype: str) -> None:
    gaps = torch.arange(0, 100, dtype=torch.float64)
    curves = clipping_curves(gaps, FLOORS, dtype=dtype)
    resolution = torch.finfo(getattr(torch, dtype)).eps
    for floor, values, gradients in zip(FLOORS, curves.values, curves.gradients, strict=True):
        rounded = torch.tensor(floor, dtype=getattr(torch, dtype)).item()
        if rounded == 0:
            # In float16 1e-12 is 0: nothing is clipped, and log 0 is what comes.
            assert values[-1] == torch.inf
            continue
        clipped = gaps > clipping_gap(rounded) + 0.01
        free = gaps < clipping_gap(rounded) - 0.01
        torch.testing.assert_close(
            values[clipped], torch.full_like(values[clipped], -math.log(rounded)),
            rtol=4 * resolution, atol=0,
        )  # fmt: skip
        assert not gradients[clipped].any()
        torch.testing.assert_close(
            values[free], curves.true_values[free], rtol=8 * resolution, atol=8 * resolution
        )
        # In float16 1/p overflows before p does, so only those of the wide dtypes are compared.
        if dtype in ("float64", "float32"):
            torch.testing.assert_close(
                gradients[free], curves.true_gradients[free], rtol=0, atol=1e3 * resolution
            )


@pytest.mark.parametrize("dtype", DTYPES)
def test_clipping_curves_let_the_gradient_through_where_p_is_the_floor(dtype: str) -> None:
    # What is at the floor is not below it: all of the gradient passes, not half of it or none.
    at_the_tie = clipping_curves([0.0], (0.5,), dtype=dtype)
    assert at_the_tie.gradients.tolist() == [[-0.5]]
    above, below = clipping_curves([0.0], (0.51, 0.49), dtype=dtype).gradients.flatten().tolist()
    assert (above, below) == (0.0, -0.5)
    exact = exact_steps("clipped", [0.0, 0.0], [0.0, 1.0], floor=0.5)["logits"].gradient
    assert exact is not None
    assert [float(g) for g in exact] == [0.5, -0.5]


def test_clipping_curves_truth_and_errors() -> None:
    curves = clipping_curves([0.0, 50.0], FLOORS, dtype="float64")
    assert curves.true_values.tolist() == close_to([math.log(2), 50.0])
    assert torch.equal(curves.errors, curves.values - curves.true_values)
    a, q = torch.tensor([50.0, 0.0]).double(), torch.tensor([0.0, 1.0]).double()
    assert curves.true_gradients[1] == cross_entropy_grad(a, q)[1]
    assert curves.errors[2, 1].item() == close_to(-50 - math.log(1e-12))


@pytest.mark.parametrize("floor", [1e-30, 1e-12, 0.1, 0.5])
def test_clipping_gap_is_where_p_is_the_floor(floor: float) -> None:
    a = torch.tensor([clipping_gap(floor), 0.0], dtype=torch.float64)
    assert a.softmax(-1)[1].item() == close_to(floor, rel=1e-12)


@pytest.mark.parametrize(
    ("gaps", "floors", "dtype", "message"),
    [
        ([math.inf], (0.1,), "float32", "gaps must be finite"),
        ([[1.0]], (0.1,), "float32", "gaps must be one row"),
        ([1.0], (), "float32", "floors must hold at least one"),
        ([1.0], (0.0,), "float32", "floors must be finite and > 0"),
        ([1.0], (0.1,), "float8", "dtype must be one of"),
    ],
)
def test_clipping_curves_refuse(
    gaps: list[float], floors: tuple[float, ...], dtype: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        clipping_curves(gaps, floors, dtype=dtype)


@pytest.mark.parametrize("floor", [0.0, 1.0, -1.0, math.nan])
def test_clipping_gap_refuses(floor: float) -> None:
    with pytest.raises(ValueError, match=r"^floor must be"):
        clipping_gap(floor)
