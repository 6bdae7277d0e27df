"""What a state of stability looks like in small: loss and gradient in each dtype."""

from dataclasses import replace

from ce_core import trace_formula
from lab.page.kept import computed_once
from lab.page.thumbnails import outcomes
from lab.stability.state import DTYPE_NAMES, StabilityState


def thumbnail(state: StabilityState) -> str:
    """Draw what comes of the formula in each dtype."""
    return _thumbnail(replace(state, step=None))


@computed_once(megabytes=1)
def _thumbnail(state: StabilityState) -> str:
    traces = [
        trace_formula(state.formula, list(state.a), list(state.q), dtype=dtype, floor=state.clip)
        for dtype in DTYPE_NAMES
    ]
    found = [(trace.dtype, (trace.value_verdict, trace.gradient_verdict)) for trace in traces]
    return outcomes(found)
