"""A block of Sinkhorn's iterations as products of vectors with a kernel.

The kernel is exp(absorbed_u_i + absorbed_v_j - cost_ij/eps): the absorbed potentials are near those
of the block. What an iteration leaves are the sums that scale the next one, exp(absorbed_v - v) of
the columns and exp(absorbed_u - u) of the rows: near 1, so that products of them neither under- nor
overflow. All arrays are NumPy's or all are torch's.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class KernelBlock:
    """Iterations in a row, each two products of a vector and a matrix."""

    def __init__(
        self, kernel: Any, mu: Any, nu: Any, absorbed_u: Any, absorbed_v: Any, columns: Any
    ) -> None:
        self.xp: Any = torch if isinstance(kernel, Tensor) else np
        self.alone = len(kernel) == 1
        # Of one item the vectors are matrices of one row as they are, and have the faster product.
        self.kernel = kernel[0] if self.alone else kernel
        alone = torch.mm if self.xp is torch else np.dot
        self.product: Any = alone if self.alone else self.xp.matmul
        vectors = mu, nu, absorbed_u, absorbed_v, columns
        self.mu, self.nu, self.absorbed_u, self.absorbed_v, columns = map(self._as_rows, vectors)
        self.transposed, self.weights = self.kernel.swapaxes(-1, -2), self.nu.swapaxes(-1, -2)
        # Of each iteration, and of the columns one more: those that the first begins with.
        self.row_sums: list[Any] = []
        self.column_sums = [self.xp.exp(columns + self.absorbed_v)]
        self.errors: list[Any] = []

    def look_ahead(self, ahead: Any, u: Any, v: Any, error: Any) -> None:
        """Go on from the potentials `ahead` where an iteration there has the lower error.

        That iteration is the first of the block. Elsewhere the first is the last one done, again.
        """
        xp = self.xp
        ahead, u, v, error = map(self._as_rows, (ahead, u, v, error))
        left = self.product(self.mu * xp.exp(ahead - self.absorbed_u), self.kernel)
        row, right = self._iterate(left)
        reached = self._error(left, right)
        lower = reached < error
        self.errors = [xp.where(lower, reached, error)]
        better = lower[..., None]
        self.row_sums = [xp.where(better, row, xp.exp(self.absorbed_u - u))]
        self.column_sums = [
            xp.where(better, left, xp.exp(self.absorbed_v - v)),
            xp.where(better, right, self.column_sums[0]),
        ]

    def run(self, length: int) -> bool:
        """Iterate until the block has this length. Its errors are found at once at its end: False."""
        left = self.column_sums[-1]
        while len(self.row_sums) < length:
            row, left = self._iterate(left)
            self.row_sums.append(row)
            self.column_sums.append(left)
        self.errors = []
        return False

    def run_towards(self, goals: Float[Tensor | np.ndarray, " b"], length: int) -> bool:
        """Iterate until the errors of all items are at most their goals, and tell; or it is full."""
        arrived = self._have_arrived(goals)
        while len(self.row_sums) < length and not arrived:
            left = self.column_sums[-1]
            row, right = self._iterate(left)
            self.row_sums.append(row)
            self.column_sums.append(right)
            self.errors.append(self._error(left, right))
            arrived = self._have_arrived(goals)
        return arrived

    def _have_arrived(self, goals: Any) -> bool:
        return bool(self.errors) and bool((self.errors[-1][..., 0] <= goals).all())

    def potentials(self, kept: int) -> tuple[Any, Any, Any, Any]:
        """Return the fields of a `Block`: of u and v the last `kept`."""
        xp = self.xp
        # The earlier ones are needed only to find errors.
        columns = self.column_sums[-1 - kept :] if self.errors else self.column_sums
        rows, sums = xp.concatenate(self.row_sums[-kept:], -2), xp.concatenate(columns, -2)
        u = self.absorbed_u - xp.log(rows)
        v = self.absorbed_v - xp.log(sums[..., -1 - kept : -1, :])
        columns = xp.log(sums[..., -1:, :]) - self.absorbed_v
        errors = xp.concatenate(self.errors, -1) if self.errors else self._all_errors(sums)
        if self.alone:
            u, v, columns, errors = u[None], v[None], columns[None], errors[None]
        return u.swapaxes(0, 1), v.swapaxes(0, 1), errors.T, columns[:, 0]

    def _as_rows(self, vector: Any) -> Any:
        return vector if self.alone else vector[:, None]

    def _iterate(self, left: Any) -> tuple[Any, Any]:
        """Return the sums of the rows, and then of the columns, that those of the columns lead to."""
        row = self.product(self.nu / left, self.transposed)
        return row, self.product(self.mu / row, self.kernel)

    def _error(self, left: Any, right: Any) -> Any:
        """Return the marginal error of an iteration from what its columns were and are."""
        return self.product(abs(right / left - 1), self.weights)[..., 0]

    def _all_errors(self, sums: Any) -> Any:
        """Return the marginal errors of all iterations, found in the memory of one array."""
        change = sums[..., 1:, :] / sums[..., :-1, :]
        change -= 1
        return self.product(self.xp.abs(change, out=change), self.weights)[..., 0]
