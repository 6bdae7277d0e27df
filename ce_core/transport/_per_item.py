"""An option that is one number for a whole batch of matrices, or one for each of them."""

import numpy as np
from torch import Tensor

from ce_core._array_arguments import ArrayLike
from ce_core._options import require_per_item


def as_option(name: str, values: Tensor | ArrayLike, cost: Tensor) -> Tensor:
    """Return the option as a tensor of the dtype and device of the cost, a scalar as one."""
    return require_per_item(name, values, cost.device).to(cost.dtype)


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
