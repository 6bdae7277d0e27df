"""What a state of transport looks like in small: its plan."""

from ce_core import plans_along_iterations
from lab.page.kept import computed_once
from lab.page.thumbnails import cells
from lab.transport.problem import pose
from lab.transport.results import TOL
from lab.transport.state import TransportState


@computed_once(megabytes=1)
def thumbnail(state: TransportState) -> str:
    """Draw the plan after the iterations of the state."""
    problem = pose(state)
    frames = plans_along_iterations(
        problem.cost,
        mu=problem.mu,
        nu=problem.nu,
        eps=state.eps,
        counts=[state.n_iter],
        tol=TOL if state.accelerate else None,
    )
    return cells(frames.plan[0].tolist())
