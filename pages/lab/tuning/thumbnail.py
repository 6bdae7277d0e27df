"""What a state of tuning looks like in small: its scores, the nearest the strongest."""

from lab.page.kept import computed_once
from lab.page.thumbnails import cells
from lab.tuning.scores import drawn
from lab.tuning.state import TuningState

_SIZE = 7


@computed_once(megabytes=1)
def thumbnail(state: TuningState) -> str:
    """Draw the corner of the scores, from the farthest to the nearest."""
    matrix = drawn(state.scores, state.seed).matrix[:_SIZE, : _SIZE * 4 // 3]
    near = matrix if state.near else -matrix
    shares = (near - near.min()) / (near.max() - near.min())
    # `cells` shades by the root of a share of the most that a plan has.
    return cells((shares**2 / max(shares.shape)).tolist())
