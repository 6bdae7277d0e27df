"""Which library multiplies: NumPy where its products are the faster ones, torch elsewhere."""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Entries of a matrix, or of all of a batch, from which the threads of torch are worth their start.
# NumPy's BLAS starts threads of its own at about the same size.
_WORTH_THREADS = 1 << 17


def multiplier_of(factor: Tensor) -> ModuleType:
    """Return the library to multiply a matrix, or a batch of them, with vectors: `numpy` or `torch`.

    On one thread NumPy's products take about 0.6 of the time of torch's, and its calls half. With
    more, all that is large stays in torch: its threads and those of NumPy's BLAS, used in turn, would
    each wait for the other's to stop spinning, which takes many times as long as the products.
    """
    if factor.device.type != "cpu":
        return torch
    return torch if torch.get_num_threads() > 1 and factor.numel() >= _WORTH_THREADS else np


def as_arrays(library: ModuleType, *tensors: Tensor) -> list[Any]:
    """Return tensors as what a library takes: as they are, or as NumPy's views of them."""
    return [tensor.numpy() for tensor in tensors] if library is np else list(tensors)
