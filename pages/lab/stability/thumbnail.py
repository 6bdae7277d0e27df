"""What a state of stability looks like in small: loss and gradient in each dtype."""

from dataclasses import replace

from lab.page.kept import computed_once
from lab.page.thumbnails import outcomes
from lab.stability.results import traces_of
from lab.stability.state import StabilityState


def thumbnail(state: StabilityState) -> str:
    """Draw what comes of the formula in each dtype."""
    return _thumbnail(replace(state, step=None))


@computed_once(megabytes=1)
def _thumbnail(state: StabilityState) -> str:
    traces = traces_of(state, state.formula, floor=state.clip)
    found = [(dtype, (trace.value_verdict, trace.gradient_verdict)) for dtype, trace in traces.items()]
    return outcomes(found)
