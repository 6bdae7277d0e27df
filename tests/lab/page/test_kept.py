"""What is kept for all visitors: computed once, within so many bytes, and no view of more."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from lab.gradient.lab import LAB as GRADIENT
from lab.losses.lab import LAB as LOSSES
from lab.page.kept import bytes_held, computed_once
from lab.softmax.lab import LAB as SOFTMAX
from lab.stability.lab import LAB as STABILITY
from lab.transport.lab import LAB as TRANSPORT
from lab.tuning.lab import LAB as TUNING

PATIENCE = 10


@dataclass(frozen=True)
class Part:
    values: Any
    name: str = ""


@pytest.mark.parametrize(
    ("value", "least"),
    [
        (torch.zeros(1000, dtype=torch.float64), 8000),
        (torch.zeros(1000, dtype=torch.float64)[::500], 8000),
        (np.zeros(1000)[::500], 8000),
        (Part(torch.zeros(10, 100)), 4000),
        ({"a": [torch.zeros(1000), (np.zeros(500),)]}, 8000),
        ("x" * 5000, 5000),
    ],
    ids=["tensor", "view", "array view", "dataclass", "containers", "text"],
)
def test_bytes_held_are_those_of_what_is_behind(value: Any, least: int) -> None:
    assert least <= bytes_held(value) < least + 2000


def test_what_is_held_twice_counts_once() -> None:
    tensor = torch.zeros(1000)
    assert bytes_held([tensor, tensor[:10], Part(tensor)]) < 6000


def test_kept_results_are_bounded_in_bytes() -> None:
    computed = []

    @computed_once(megabytes=1)
    def zeros(count: int, _seed: int = 0) -> torch.Tensor:
        computed.append(count)
        return torch.zeros(count)

    for count in (100_000, 100_000, 200_000, 100_000, 1_000_000, 1_000_000):
        assert len(zeros(count)) == count
    assert computed == [100_000, 200_000, 100_000, 1_000_000, 1_000_000]


def test_visitors_who_ask_at_once_wait_for_one_computation() -> None:
    begun, go_on, computed = threading.Event(), threading.Event(), []

    @computed_once(megabytes=1)
    def slow(name: str) -> str:
        begun.set()
        go_on.wait(PATIENCE)
        computed.append(name)
        return name

    threads = [threading.Thread(target=slow, args=("a",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(PATIENCE)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert computed == ["a"]


@pytest.mark.parametrize(
    "lab", [SOFTMAX, GRADIENT, STABILITY, LOSSES, TRANSPORT, TUNING], ids=lambda lab: lab.slug
)
def test_results_of_a_lab_hold_little_memory(lab: Any) -> None:
    assert bytes_held(lab.results(lab.default)) < 2 * 2**20
