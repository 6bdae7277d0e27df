"""Values that a derivative may use in place of logits that were changed since."""

from typing import Any

import torch
from torch import Tensor

from ce_core._surroundings import is_ordinary


class Known:
    """A tensor that was returned or given, for as long as nobody has written into it."""

    def __init__(self, p: Tensor, *, returned: bool = False) -> None:
        # What a transform wraps does not outlive it; what is returned would keep itself.
        self._p = (p.detach() if returned else p) if is_ordinary(p) else None
        self._version = p._version

    def values(self) -> Tensor | None:
        """Return it as it was, or None."""
        p = self._p
        return p if p is not None and p._version == self._version else None


def saved_unless_changed(ctx: Any, *needed: Known) -> Any:
    """Return what was saved, or None where some was changed in place and first derivatives do without.

    For those the softmax that was made of them serves, as for torch's own.
    """
    try:
        return ctx.saved_tensors
    except RuntimeError as error:
        if "inplace" not in str(error) or torch.is_grad_enabled():
            raise
        if any(x.values() is None for x in needed):
            raise
        return None
