"""The Python and the command line that compute what the page of the gradients shows."""

from lab.gradient.state import FREE, ONE_HOT, GradientState
from lab.page.snippets import tensor_lines


def snippet(state: GradientState) -> str:
    """Return the Python that computes what the page shows."""
    return (
        f"import torch\nimport ce_core as ce\nfrom ce_core.post import published\n\n{_setup(state)}"
        "print(ce.cross_entropy_grad(a, q))\n"
        "print(ce.logit_gap_grad(\n    a, q, detach_p=True\n))\n"
        "print(ce.logit_gap_grad(a, q))\n"
        "print(ce.logit_gap_residual(a))\n"
        "paths = ce.descent_paths(\n"
        f"    a, q,\n    learning_rate={state.rate!r},\n    steps={state.steps},\n)\n"
        "print(paths.p[:, -1])\n"
        "print(ce.logit_gap_minimum(q))\n"
        "print(ce.check_sum(\n    published.CHECK_P,\n    published.CHECK_VALUES,\n))\n"
        f"print(ce.sum_errors(\n    seed={state.seed}\n).rms)\n"
    )


def command(state: GradientState) -> str:
    """Return the command line that prints where L2 in full stops."""
    return (
        f"python - <<'END'\nimport torch\nimport ce_core as ce\n{_setup(state)}"
        "print(ce.logit_gap_minimum(q).p)\nEND"
    )


def _setup(state: GradientState) -> str:
    lines = tensor_lines("a", state.a)
    if state.kind == FREE:
        return lines + tensor_lines("q", state.weights) + "q = q / q.sum()\n"
    smoothing = 0.0 if state.kind == ONE_HOT else state.smoothing
    return lines + (
        f"q = ce.smoothed_target(\n    {state.target - 1}, {len(state.a)},\n"
        f"    smoothing={smoothing!r},\n)\n"
    )
