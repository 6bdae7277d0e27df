"""How tests compare numbers: relative to what is expected, unless an absolute slack is stated."""

from typing import Any

import pytest


def close_to(
    expected: Any, *, rel: float | None = None, abs: float | None = None, nan_ok: bool = False
) -> Any:
    """Return what equals numbers near the expected ones.

    `pytest.approx` allows 1e-12 beside any relative tolerance, so that 0 passes for every smaller
    truth, and 1e-13 for 1e-14. Here only what is stated is allowed: `rel` alone is relative (1e-6 if
    nothing is given), `abs` alone is absolute, and of both the wider counts.
    """
    if abs is None:
        abs = 0.0
        rel = 1e-6 if rel is None else rel
    return pytest.approx(expected, rel=rel, abs=abs, nan_ok=nan_ok)
