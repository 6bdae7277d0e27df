"""What the snippets of several labs have in common."""

from collections.abc import Iterable
from textwrap import wrap


def tensor_lines(name: str, values: Iterable[float]) -> str:
    """Return the assignment of a tensor, in lines that fit a phone."""
    listed = wrap(f"[{', '.join(map(repr, values))}],", width=28)
    lines = [f"{name} = torch.tensor(", *(f"    {line}" for line in listed)]
    return "\n".join([*lines, "    dtype=torch.float64,", ")", ""])
