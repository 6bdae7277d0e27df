"""What `from ce_core import ...` offers, and what it brings with it, seen from a fresh interpreter."""

import ast
import subprocess
import sys
from inspect import isclass, isfunction
from pathlib import Path

import pytest

import ce_core

ROOT = Path(__file__).parents[2]

# What other code may rely on for ever.
PROMISED = [
    "softmax",
    "log_softmax",
    "softmax_jacobian",
    "softmax_jvp",
    "entropy",
    "kl_divergence",
    "cross_entropy",
    "cross_entropy_grad",
    "logit_gap",
    "logit_gap_grad",
    "logit_gap_residual",
    "sinkhorn",
    "SinkhornResult",
    "balanced_assignment",
    "birkhoff_rate",
    "asymptotic_rate",
    "ExperimentConfig",
    "ExperimentResult",
    "run_experiment",
    "centred_product",
]


def test_import_of_core_and_commands_brings_neither_streamlit_nor_plotly_nor_optuna() -> None:
    script = (
        "import sys, ce_core, ce_core.cli.parser; "
        "print(*sorted(m for m in sys.modules if '.' not in m))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(completed.stdout.split())
    assert {"ce_core", "torch"} <= modules
    assert not modules & {"streamlit", "plotly", "optuna", "distributed", "pages", "lab"}


@pytest.mark.parametrize("name", PROMISED)
def test_import_offers_what_is_promised(name: str) -> None:
    assert name in ce_core.__all__


def test_all_is_sorted_and_complete() -> None:
    """In the linter's order, constants before classes before functions, and all that is imported."""

    def place(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

    assert sorted(ce_core.__all__, key=place) == ce_core.__all__
    imported = [
        alias.name
        for statement in ast.parse(Path(ce_core.__file__).read_text(encoding="utf-8")).body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    ]
    assert sorted(imported) == sorted(ce_core.__all__)


def test_all_is_found_where_its_module_says() -> None:
    public = {name: getattr(ce_core, name) for name in ce_core.__all__}
    named = {name: thing for name, thing in public.items() if isclass(thing) or isfunction(thing)}
    for name, thing in named.items():
        assert thing.__name__ == name
        assert getattr(sys.modules[thing.__module__], name) is thing


def test_every_public_function_is_described() -> None:
    description = ce_core.__doc__ or ""
    functions = {name for name in ce_core.__all__ if isfunction(getattr(ce_core, name))}
    # Of the gradients it says that they are there.
    missing = {name for name in functions if f"`{name}`" not in description}
    assert missing == {"cross_entropy_grad", "logit_gap_grad"}
