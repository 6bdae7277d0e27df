"""The code and the command line that compute what the page of tuning shows."""

from typing import Final

from lab.tuning.results import Results, needs_of
from lab.tuning.state import OWN

_OPTIONS: Final = {
    "column_error": "column-error",
    "perplexity_at_most": "perplexity",
    "columns_used": "columns-used",
}
"""Of the command line, by the names of the needs."""


def snippet(found: Results) -> str:
    """Return the Python that computes what the page shows."""
    state, grid = found.state, found.survey.grid
    lines = ["import torch", "import ce_core as ce"]
    if state.scores == OWN and not found.own_missing:
        lines += ["", 'scores = ce.read_scores("scores.csv")']
    else:
        lines += [
            "from ce_core.tuning.score_sets import score_set",
            "",
            f"drawn = score_set({found.survey.scores.name!r}, seed={state.seed})",
            "scores = torch.from_numpy(drawn.scores)",
        ]
    needs = needs_of(state, found.map.columns)
    wanted = "".join(f", {name}={value!r}" for name, value in needs.items())
    lines += [
        f"cost = {'-' if found.survey.near else ''}scores",
        "found = ce.tuning_map(",
        "    cost,",
        f"    eps={[*grid.eps]!r},",
        f"    n_iter={[*grid.counts]!r},",
        ")",
        f"best = ce.recommend(found{wanted})",
        "print(best.met, best.eps, best.n_iter)",
        f"q = ce.balanced_assignment(cost, eps={found.eps!r}, n_iter={found.n_iter})",
    ]
    return "\n".join(lines)


def command(found: Results) -> str:
    """Return the command line that does the same with a file of scores."""
    grid, needs = found.survey.grid, needs_of(found.state, found.map.columns)
    options = [f"--{_OPTIONS[name]} {value:.12g}" for name, value in needs.items()]
    sign = [] if found.survey.near else ["--cost"]
    ends = [f"--eps-from {grid.eps[0]:.12g}", f"--eps-to {grid.eps[-1]:.12g}"]
    most = [f"--max-iter {grid.counts[-1]}"]
    return " ".join(["python -m ce_core tune scores.csv", *options, *sign, *ends, *most])
