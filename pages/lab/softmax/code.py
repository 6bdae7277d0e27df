"""The Python and the command line that compute what the page of the softmax shows."""

from lab.page.snippets import tensor_lines
from lab.softmax.state import SoftmaxState


def snippet(state: SoftmaxState) -> str:
    """Return the Python that computes what the page shows."""
    target = [float(i == state.target) for i in range(1, len(state.a) + 1)]
    return (
        f"import torch\nimport ce_core as ce\n\n{tensor_lines('a', state.a)}"
        f"a = a / {state.temperature:.12g}\n{tensor_lines('q', target)}"
        "print(ce.softmax(a))\n"
        "print(ce.cross_entropy(a, q))\n"
        "print(ce.cross_entropy_grad(a, q))\n"
        "print(ce.softmax_jacobian(a))\n"
        "print(ce.jacobian_spectrum(a))\n"
        "print(ce.difference_errors(a))\n"
    )


def command(state: SoftmaxState) -> str:
    """Return the command line that prints p."""
    return (
        f"python - <<'END'\nimport torch\nimport ce_core as ce\n{tensor_lines('a', state.a)}"
        f"a = a / {state.temperature:.12g}\n"
        "print(ce.softmax(a))\nEND"
    )
