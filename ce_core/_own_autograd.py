"""Functions that differentiate by themselves, in whatever mode of torch."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from ce_core._surroundings import in_transform, recordable, uncompiled

_P = ParamSpec("_P")
_R = TypeVar("_R")


def with_own_autograd(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function record its own gradients under `no_grad`, `inference_mode` and autocast.

    What it measures then is the same as outside: autocast would change the dtype of an operation.
    Within a transform of `torch.func`, which keeps autograd to itself, it raises ValueError.
    """

    @uncompiled
    @wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if in_transform():
            raise ValueError(
                f"{function.__name__} must be called outside torch.func transforms, since it "
                "differentiates by itself, got a call within one"
            )
        with ExitStack() as modes:
            modes.enter_context(torch.inference_mode(False))
            modes.enter_context(torch.enable_grad())
            for device in ("cpu", "cuda"):
                if torch.is_autocast_enabled(device):
                    modes.enter_context(torch.autocast(device, enabled=False))
            ordinary = {name: _ordinary(value) for name, value in kwargs.items()}
            return function(*map(_ordinary, args), **ordinary)  # type: ignore[arg-type]

    return run


def _ordinary(value: object) -> object:
    return recordable(value) if isinstance(value, Tensor) else value
