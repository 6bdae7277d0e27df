"""An option that is one number for a whole batch of matrices, or one for each of them."""

from numbers import Real

import numpy as np
import torch
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_number


def as_option(name: str, values: Tensor | ArrayLike, cost: Tensor) -> Tensor:
    """Return the option as a tensor of the dtype and device of the cost, a scalar as one."""
    if isinstance(values, Real):
        return torch.as_tensor(require_number(name, values), dtype=cost.dtype, device=cost.device)
    if isinstance(values, Tensor) and values.ndim == 0:
        (row,) = floating(cost.dtype, **{name: values.reshape(1)})
        row = row.reshape(())
    else:
        (row,) = floating(cost.dtype, **{name: values})
    return row.to(dtype=cost.dtype, device=cost.device)


def shared_batch(cost: Tensor, name: str, option: Tensor) -> tuple[int, ...]:
    """Return the shape of the batch of a cost and an option together, or raise naming the option."""
    if option.ndim == 0:
        return tuple(cost.shape[:-2])
    try:
        return np.broadcast_shapes(cost.shape[:-2], option.shape)
    except ValueError:
        raise ValueError(
            f"{name} must be one number or broadcast with the batch, of shape "
            f"{tuple(cost.shape[:-2])}, got shape {tuple(option.shape)}"
        ) from None
