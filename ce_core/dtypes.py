"""The floating-point types that the core computes in."""

from torch import Tensor

DTYPES = ("float64", "float32", "bfloat16", "float16")
"""From wide to narrow; each is the name of a torch dtype."""


def widen(array: Tensor) -> Tensor:
    """Return half types as float32, so that a formula is computed there and rounded once."""
    return array.float() if array.dtype.itemsize < 4 else array
