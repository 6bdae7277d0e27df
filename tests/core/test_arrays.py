"""The library that multiplies is chosen for speed: whichever it is, the results are the same."""

import numpy as np
import pytest
import torch

from ce_core import ExperimentConfig, run_experiment, sinkhorn
from ce_core._arrays import as_arrays, entrywise


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nothing holds torch to one thread."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


def test_as_arrays_on_one_thread_are_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert isinstance(as_arrays(torch.empty(2048, 2048))[0], np.ndarray)


@pytest.mark.usefixtures("many_threads")
@pytest.mark.parametrize(
    ("shape", "kind"), [((8, 4), np.ndarray), ((1024, 512), torch.Tensor), ((64, 64, 64), torch.Tensor)]
)
def test_as_arrays_on_many_threads_stay_tensors_where_the_first_is_large(
    shape: tuple[int, ...], kind: type
) -> None:
    large, small = torch.empty(shape), torch.empty(4)
    arrays = as_arrays(large, small)
    assert all(isinstance(array, kind) for array in arrays)
    assert isinstance(as_arrays(small, like=arrays[0])[0], kind)


@pytest.mark.parametrize(
    ("shape", "threads", "library"),
    [((256, 256), 2, np), ((256, 256), 1, torch), ((1024, 512), 2, torch)],
)
def test_entrywise_starts_no_threads_for_little(
    shape: tuple[int, ...], threads: int, library: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert entrywise(torch.empty(shape))[0] is library


def test_as_arrays_off_the_cpu_stay_tensors() -> None:
    assert isinstance(as_arrays(torch.empty(8, 4, device="meta"))[0], torch.Tensor)


@pytest.mark.parametrize(
    "shape", [(512, 300), (3, 256, 200), (250, 200), (3, 60, 50)], ids=["one", "batch", "small", "few"]
)
@pytest.mark.parametrize(("tol", "max_iter"), [(1e-9, 1000), (None, 70)], ids=["to a goal", "a count"])
def test_sinkhorn_is_the_same_on_many_threads(
    shape: tuple[int, ...], tol: float | None, max_iter: int, request: pytest.FixtureRequest
) -> None:
    cost = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = sinkhorn(cost, eps=0.02, tol=tol, max_iter=max_iter)
    request.getfixturevalue("many_threads")
    result = sinkhorn(cost, eps=0.02, tol=tol, max_iter=max_iter)
    torch.testing.assert_close(result.n_iter, expected.n_iter)
    for name in ("plan", "f", "g", "transport_cost"):
        ours, theirs = getattr(result, name), getattr(expected, name)
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-13)


def test_run_experiment_is_the_same_on_many_threads(request: pytest.FixtureRequest) -> None:
    config = ExperimentConfig(n=256, m=128, trials=6, dtype="float64")
    expected = run_experiment(config)
    request.getfixturevalue("many_threads")
    result = run_experiment(config)
    for name in ("l1", "l2", "entropy", "l1_grad", "l2_grad"):
        ours, theirs = getattr(result, name), getattr(expected, name)
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
