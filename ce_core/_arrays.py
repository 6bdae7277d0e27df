"""Tensors as NumPy's arrays, where its products are the faster ones."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

# Entries from which the threads of torch are worth their start. Below, NumPy's BLAS starts none either.
_WORTH_THREADS = 1 << 17


def as_arrays(*tensors: Tensor, like: Tensor | np.ndarray | None = None) -> list[Any]:
    """Return tensors, the largest first, as what to multiply them with: themselves, or NumPy's views.

    On the CPU its products of a vector and a matrix take about 0.6 of the time of torch's, and its
    calls half. But where torch has several threads, what is large stays in torch: its threads and those
    of NumPy's BLAS, used in turn, would each wait for the other's to stop spinning, which takes many
    times as long as the products. With `like` they become what that is.
    """
    if like is not None:
        stay = isinstance(like, Tensor)
    elif tensors[0].is_cpu:
        stay = tensors[0].numel() >= _WORTH_THREADS and torch.get_num_threads() > 1
    else:
        stay = True
    return list(tensors) if stay else [tensor.numpy() for tensor in tensors]


def entrywise(*tensors: Tensor) -> tuple[Any, list[Any]]:
    """Return torch or NumPy, and tensors, the largest first, for it to work on each entry of.

    Alone torch is the faster one. But where it has several threads, it starts them for some ten
    thousand entries, and on a machine that is busy each start waits milliseconds for a core.
    """
    stay = not tensors[0].is_cpu or tensors[0].numel() >= _WORTH_THREADS
    if stay or torch.get_num_threads() == 1:
        return torch, list(tensors)
    return np, [tensor.numpy() for tensor in tensors]


def as_tensors(*arrays: Any) -> list[Tensor]:
    """Return as tensors, in the same memory, what `as_arrays` gave or what was computed from it."""
    return [array if isinstance(array, Tensor) else torch.from_numpy(array) for array in arrays]
