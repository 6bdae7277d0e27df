"""What a state of transport looks like in small: its plan."""

from lab.page.kept import computed_once
from lab.page.thumbnails import cells
from lab.transport.problem import pose
from lab.transport.results import frames_at
from lab.transport.state import TransportState


@computed_once(megabytes=1)
def thumbnail(state: TransportState) -> str:
    """Draw the plan after the iterations of the state."""
    (frame,) = frames_at(pose(state), state, [state.n_iter])
    return cells(frame.plan[0].tolist())
