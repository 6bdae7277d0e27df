"""On a GPU: tensors stay there, and what comes out agrees with the CPU. Skipped where there is none."""

from collections.abc import Callable
from dataclasses import astuple, fields, is_dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    asymptotic_rate,
    balanced_assignment,
    birkhoff_rate,
    compare_losses,
    cross_entropy,
    hard_assignment,
    jacobian_spectrum,
    relative_eps,
    round_plan,
    run_experiment,
    sinkhorn,
    sinkhorn_divergence,
    softmax_surface,
    sort_losses,
    squared_distances,
    with_dustbins,
)
from ce_core.transport.balanced import balanced_codes
from tests.support.cases import FLOATS, INF, ROW_FUNCTIONS, RowFunction, uniform
from tests.support.closeness import close_to

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
dtypes = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def tensors_of(result: Any) -> list[Tensor]:
    """Return the tensors of a result: itself, or its fields."""
    if is_dataclass(result):
        parts = [getattr(result, field.name) for field in fields(result)]
        return [part for part in parts if isinstance(part, Tensor)]
    return [result]


def compare(function: Callable[..., Any], *arguments: Tensor, dtype: torch.dtype) -> None:
    """Raise unless the function keeps its tensors on the GPU and agrees there with the CPU."""
    on_cpu = tensors_of(function(*arguments))
    on_gpu = tensors_of(function(*(x.cuda() for x in arguments)))
    # The last digit or two of exponentials and sums differ.
    slack = 16 * torch.finfo(dtype).eps
    for expected, found in zip(on_cpu, on_gpu, strict=True):
        assert found.device.type == "cuda"
        assert found.dtype == expected.dtype
        torch.testing.assert_close(found.cpu(), expected, rtol=slack, atol=slack, equal_nan=True)


@needs_gpu
@dtypes
@pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)
def test_row_function_on_the_gpu(case: RowFunction, dtype: torch.dtype) -> None:
    compare(case.function, *case.arguments(4, 3, 5, dtype=dtype), dtype=dtype)


@needs_gpu
@dtypes
def test_cross_entropy_on_the_gpu_where_rows_need_care(dtype: torch.dtype) -> None:
    a = torch.tensor([[9.0, 0.0], [0.0, 1.0], [2.0, -INF]], dtype=dtype)
    q = torch.tensor([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]], dtype=dtype)
    compare(cross_entropy, a, q, dtype=dtype)


@needs_gpu
def test_row_functions_on_the_gpu_refuse_arguments_on_two_devices() -> None:
    with pytest.raises(ValueError, match=r"^q must be on the device of a, cuda:0, got cpu"):
        cross_entropy(torch.zeros(2).cuda(), torch.ones(2) / 2)


@needs_gpu
@dtypes
@pytest.mark.parametrize("eps", [0.5, 1e-3])
@pytest.mark.parametrize("function", [balanced_assignment, balanced_codes])
def test_balanced_assignment_on_the_gpu(
    function: Callable[..., Tensor], eps: float, dtype: torch.dtype
) -> None:
    compare(lambda cost: function(cost, eps=eps), uniform(3, 6, 4).to(dtype), dtype=dtype)


@needs_gpu
@dtypes
def test_rates_on_the_gpu(dtype: torch.dtype) -> None:
    compare(lambda cost: birkhoff_rate(cost, eps=0.5), uniform(3, 6, 4).to(dtype), dtype=dtype)
    compare(asymptotic_rate, uniform(3, 6, 4).to(dtype), dtype=dtype)


@needs_gpu
@dtypes
def test_options_of_transport_on_the_gpu(dtype: torch.dtype) -> None:
    functions: list[Callable[[Tensor], Tensor]] = [
        hard_assignment,
        lambda x: round_plan(x / 20),
        lambda x: with_dustbins(x, 0.5).cost,
        lambda x: with_dustbins(x, 0.5).mu,
        lambda x: squared_distances(x, 2 * x),
        lambda x: squared_distances(x.repeat(1, 40, 1), 2 * x.repeat(1, 40, 1)),
        lambda x: sinkhorn_divergence(x, x + x.square(), eps=0.5).value,
    ]
    for function in functions:
        compare(function, uniform(3, 6, 4).to(dtype), dtype=dtype)
    cost = uniform(3, 6, 4).to(dtype)
    eps = relative_eps(cost.cuda())
    torch.testing.assert_close(eps.cpu(), relative_eps(cost), rtol=1e-12, atol=0)
    compare(lambda cost: balanced_assignment(cost, eps=relative_eps(cost)), cost, dtype=dtype)


@needs_gpu
def test_squared_distances_differentiate_on_the_gpu() -> None:
    found = []
    for device in ("cpu", "cuda"):
        x = uniform(2, 80, 3).to(device).requires_grad_()
        (slope,) = torch.autograd.grad(squared_distances(x, x[:, :70]).sin().sum(), x)
        found.append(slope.cpu())
    torch.testing.assert_close(found[1], found[0], rtol=1e-10, atol=1e-10)


@needs_gpu
def test_balanced_assignment_under_autocast_on_the_gpu() -> None:
    plans = []
    for enabled in (False, True):
        cost = uniform(6, 4).float().cuda().requires_grad_()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=enabled):
            plan = balanced_assignment(cost, eps=0.5)
            plans.append((plan.detach(), torch.autograd.grad(plan.sin().sum(), cost)[0]))
    for one, other in zip(*plans, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@needs_gpu
@pytest.mark.parametrize("options", [{"eps": 0.5}, {"eps": 0.01}, {"eps": 0.1, "tol": None}], ids=str)
def test_sinkhorn_on_the_gpu(options: dict[str, Any]) -> None:
    cost = uniform(4, 6, 5)
    cost[1, 0, 0], cost[2, 0] = INF, INF
    options = {"tol": 1e-12, "max_iter": 200, **options}
    on_cpu = sinkhorn(cost, **options)
    on_gpu = sinkhorn(cost.cuda(), **options)
    assert all(x.device.type == "cuda" for x in tensors_of(on_gpu))
    assert torch.equal(on_gpu.status.cpu(), on_cpu.status)
    kept = on_cpu.converged
    torch.testing.assert_close(on_gpu.plan.cpu()[kept], on_cpu.plan[kept], rtol=1e-7, atol=1e-10)
    for name in ("f", "g", "transport_cost", "entropic_value"):
        found, expected = (
            getattr(result, name)[kept.to(result.plan.device)] for result in (on_gpu, on_cpu)
        )
        torch.testing.assert_close(found.cpu(), expected, rtol=1e-7, atol=1e-9)


@needs_gpu
@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
def test_sinkhorn_differentiates_on_the_gpu(gradient: str) -> None:
    found = []
    for device in ("cpu", "cuda"):
        cost = uniform(4, 3).to(device).requires_grad_()
        result = sinkhorn(cost, eps=0.5, tol=1e-13, max_iter=200, gradient=gradient)
        (slope,) = torch.autograd.grad((result.plan * cost.detach().sin()).sum(), cost)
        assert slope.device.type == device
        found.append(slope.cpu())
    torch.testing.assert_close(found[1], found[0], rtol=1e-8, atol=1e-11)


@needs_gpu
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_run_experiment_on_the_gpu_agrees_with_the_cpu(dtype: str) -> None:
    config = ExperimentConfig(n=16, m=8, trials=5, dtype=dtype)
    one, other = run_experiment(config), run_experiment(config, device="cuda")
    slack = 16 * torch.finfo(getattr(torch, dtype)).eps
    for name in ("l1", "l2", "entropy", "l1_grad", "l2_grad"):
        found, expected = getattr(other, name), getattr(one, name)
        assert found.device.type == "cpu"
        torch.testing.assert_close(found, expected, rtol=slack, atol=slack)


@needs_gpu
def test_statistics_and_spectra_on_the_gpu() -> None:
    l1, l2, h = uniform(3, 9)
    on_gpu, on_cpu = compare_losses(l1.cuda(), l2.cuda(), h.cuda()), compare_losses(l1, l2, h)
    # Sums of a GPU are added in another order.
    assert astuple(on_gpu) == close_to(astuple(on_cpu), rel=1e-12)
    compare(sort_losses, l1, l2, dtype=torch.float64)
    compare(jacobian_spectrum, uniform(3, 5), dtype=torch.float64)
    compare(lambda a: softmax_surface(a, low=-1.0, high=1.0), uniform(4), dtype=torch.float64)
