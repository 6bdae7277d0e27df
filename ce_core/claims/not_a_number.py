"""What is claimed of NaN and of what prevents it."""

import math

import torch

from ce_core.losses.forms import cross_entropy
from ce_core.stability.formulas import FORMULAS
from ce_core.stability.outcome_map import outcome_map


def _first_failure(formula: str, dtype: str, gaps: range) -> float:
    """Return the first gap at which value or gradient is not finite, inf if there is none."""
    outcomes = outcome_map(gaps)
    row = list(FORMULAS).index(formula), outcomes.dtypes.index(dtype)
    failed = (outcomes.values[row] + outcomes.gradients[row]) > 0
    return float(gaps[int(failed.int().argmax())]) if failed.any() else math.inf


def log_zero() -> dict[str, float]:
    """Measure from which gap between two logits on each way to the loss is not finite."""
    first = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
    found = {
        dtype: _first_failure("max_shifted", dtype, range(gap - 9, gap + 2))
        for dtype, gap in first.items()
    }
    for formula in ("logit_gap", "log_softmax"):
        found |= {
            f"{formula}_{dtype}": _first_failure(formula, dtype, range(1, 60_002, 600))
            for dtype in first
        }
    return found


def subtract_maximum() -> dict[str, float]:
    """Measure from which gap on the formulas that subtract, or not, fail in float32."""
    return {
        formula: _first_failure(formula, "float32", range(70, 111))
        for formula in ("naive", "max_shifted", "where_masked")
    }


def label_smoothing() -> dict[str, float]:
    """Measure L1 at logits (2, 0, -inf): q one-hot, smoothed over all classes, over those allowed."""
    a = torch.tensor([2.0, 0.0, -math.inf], dtype=torch.float64)
    one_hot = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    spread = torch.full((3,), 1 / 3, dtype=torch.float64)
    allowed = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    smoothed, inside = (0.9 * one_hot + 0.1 * other for other in (spread, allowed))
    return {
        "one_hot": cross_entropy(a, one_hot).item(),
        "smoothed": cross_entropy(a, smoothed).item(),
        "inside": cross_entropy(a, inside).item(),
        "large": cross_entropy(a.clamp_min(-1e4), smoothed).item(),
    }
