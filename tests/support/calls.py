"""A valid call of every public function, for the tests that walk them all.

What is missing here fails `tests/core/test_bad_input.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from inspect import isfunction, signature
from typing import Any

import torch
from torch import Tensor

import ce_core
from ce_core import (
    PITFALLS,
    Axis,
    ExperimentConfig,
    run_experiment,
    run_grid,
    squared_distances,
    tuning_map,
)
from tests.support.cases import tensor64, uniform


@dataclass(frozen=True)
class Call:
    """A public function with arguments that it takes, every one of them named."""

    name: str
    make: Callable[[], dict[str, Any]]
    """Makes the arguments, new ones each time."""
    differentiable: tuple[str, ...] = ()
    """The arguments, tensors all of them, in which results of the function have a derivative."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""
        found: Callable[..., Any] = getattr(ce_core, self.name)
        return found

    @property
    def names(self) -> set[str]:
        """What a refusal may name: an argument, or a field that one of them sets."""
        fields_set = {field.name for field in fields(ExperimentConfig)}
        own = set(signature(self.function).parameters)
        return own | fields_set if self.name in ("run_sweep", "run_grid") else own

    @property
    def takes_arrays(self) -> bool:
        """Whether an argument is an array, over which one may map."""
        return any(isinstance(value, Tensor) and value.ndim for value in self.make().values())

    def __call__(self, **changes: Any) -> Any:
        """Call it, some arguments replaced."""
        return self.function(**{**self.make(), **changes})

    def __str__(self) -> str:
        return self.name


def _rows() -> Tensor:
    return tensor64(1.0, 0.5, -2.0)


def _target() -> Tensor:
    return tensor64(0.5, 0.25, 0.25)


def _marginals() -> dict[str, Tensor]:
    return {"mu": tensor64(0.5, 0.3, 0.2), "nu": tensor64(0.4, 0.6)}


def _config() -> ExperimentConfig:
    return ExperimentConfig(n=3, m=2, trials=3, n_iter=2, dtype="float64")


def _axes() -> dict[str, Any]:
    return {"eps": [0.1, 1.0], "n_iter": [1, 4]}


CALLS = (
    Call("softmax", lambda: {"a": _rows(), "dim": -1}, ("a",)),
    Call("log_softmax", lambda: {"a": _rows(), "dim": -1}, ("a",)),
    Call("entropy", lambda: {"p": _target()}, ("p",)),
    Call("kl_divergence", lambda: {"q": _target(), "p": _target().flip(0)}, ("q", "p")),
    Call("entropy_from_logits", lambda: {"a": _rows(), "temperature": 2.0}, ("a",)),
    Call(
        "kl_from_logits",
        lambda: {"q": _target(), "a": _rows(), "q_is_logits": False, "temperature": 2.0},
        ("q", "a"),
    ),
    Call(
        "js_from_logits",
        lambda: {"q": _target(), "a": _rows(), "q_is_logits": False, "temperature": 2.0},
        ("q", "a"),
    ),
    Call("softmax_jacobian", lambda: {"a": _rows()}, ("a",)),
    Call("softmax_jvp", lambda: {"a": _rows(), "v": tensor64(1.0, -1.0, 3.0)}, ("a", "v")),
    Call("centred_product", lambda: {"p": _target(), "a": _rows()}, ("p", "a")),
    Call("jacobian_spectrum", lambda: {"a": _rows()}, ("a",)),
    Call("difference_errors", lambda: {"a": _rows(), "steps": tensor64(1e-3, 1e-1)}),
    Call(
        "softmax_surface",
        lambda: {"a": _rows(), "low": -1.0, "high": 1.0, "points": 3, "temperature": 1.0},
    ),
    Call(
        "smoothed_target", lambda: {"target": 1, "classes": 3, "smoothing": 0.1, "dtype": torch.float64}
    ),
    Call("cross_entropy", lambda: {"a": _rows(), "q": _target()}, ("a", "q")),
    Call("cross_entropy_grad", lambda: {"a": _rows(), "q": _target()}, ("a", "q")),
    Call("logit_gap", lambda: {"a": _rows(), "q": _target()}, ("a", "q")),
    Call("logit_gap_grad", lambda: {"a": _rows(), "q": _target(), "detach_p": False}, ("a", "q")),
    Call("logit_gap_residual", lambda: {"a": _rows()}, ("a",)),
    Call("logit_gap_minimum", lambda: {"q": _target()}),
    Call("lambert_w", lambda: {"x": tensor64(0.5, 2.0)}, ("x",)),
    Call(
        "descent_paths",
        lambda: {"a": _rows(), "q": _target(), "learning_rate": 0.5, "steps": 4},
    ),
    Call(
        "sinkhorn",
        lambda: {
            "cost": uniform(3, 2),
            "eps": 0.3,
            **_marginals(),
            "tol": 1e-9,
            "max_iter": 500,
            "gradient": "implicit",
            "warm_start": uniform(3),
        },
        ("cost", "mu", "nu"),
    ),
    Call(
        "unbalanced_sinkhorn",
        lambda: {
            "cost": uniform(3, 2),
            "eps": 0.3,
            "rho": 1.0,
            **_marginals(),
            "tol": 1e-9,
            "max_iter": 500,
        },
        ("cost", "mu", "nu"),
    ),
    Call(
        "sinkhorn_divergence",
        lambda: {
            "x": uniform(3, 2),
            "y": uniform(2, 2, seed=1),
            "eps": 0.3,
            **_marginals(),
            "cost": squared_distances,
            "tol": 1e-9,
            "max_iter": 500,
        },
        ("x", "y", "mu", "nu"),
    ),
    Call("relative_eps", lambda: {"cost": uniform(3, 2), "share": 0.1, "by": "std", **_marginals()}),
    Call("with_dustbins", lambda: {"cost": uniform(3, 2), "score": 0.5}, ("cost",)),
    Call("round_plan", lambda: {"plan": uniform(3, 2) / 6, **_marginals()}, ("plan", "mu", "nu")),
    Call("hard_assignment", lambda: {"plan": uniform(3, 2)}),
    Call("balanced_assignment", lambda: {"cost": uniform(3, 2), "eps": 0.3, "n_iter": 4}, ("cost",)),
    Call("post_assignment", lambda: {"cost": uniform(3, 2), "eps": 0.3, "n_iter": 4}),
    Call(
        "trace_convergence",
        lambda: {"cost": uniform(3, 2), "eps": 0.3, **_marginals(), "n_iter": 6, "tol": 1e-9},
    ),
    Call("birkhoff_rate", lambda: {"cost": uniform(3, 2), "eps": 0.3}, ("cost",)),
    Call("asymptotic_rate", lambda: {"plan": uniform(3, 2)}, ("plan",)),
    Call(
        "plans_along_iterations",
        lambda: {"cost": uniform(3, 2), "eps": 0.3, "counts": [0, 1, 4], **_marginals(), "tol": None},
    ),
    Call(
        "plans_along_eps",
        lambda: {
            "cost": uniform(3, 2),
            "eps": [0.3, 1.0],
            **_marginals(),
            "tol": 1e-9,
            "max_iter": 500,
        },
    ),
    Call("eps_for_perplexity", lambda: {"cost": uniform(3, 2), "perplexity": 1.8, "n_iter": 4}),
    Call(
        "iterations_for_error",
        lambda: {"cost": uniform(3, 2), "eps": 0.3, "column_error": 0.01, "max_iter": 50},
    ),
    Call("temperature_for_entropy", lambda: {"a": _rows(), "entropy": 0.5}),
    Call("temperature_curve", lambda: {"a": _rows(), "temperatures": tensor64(0.5, 2.0)}),
    Call("tuning_map", lambda: {"cost": uniform(3, 2), **_axes(), "max_iter": 500}),
    Call(
        "recommend",
        lambda: {
            "map": tuning_map(uniform(3, 2), **_axes()),
            "column_error": 0.1,
            "perplexity": 1.8,
            "perplexity_at_most": 1.9,
            "columns_used": 2,
        },
    ),
    Call("reading", lambda: {"scores": uniform(3, 2)}),
    Call("snippets", lambda: {"eps": 0.05, "n_iter": 3}),
    Call("random_cost", lambda: {"n": 3, "m": 2, "exponent": 1.5, "seed": 1}),
    Call("squared_distances", lambda: {"x": uniform(3, 2), "y": uniform(4, 2)}, ("x", "y")),
    Call("pixel_grid", lambda: {"size": 3}),
    Call("digit_image", lambda: {"name": "one"}),
    Call("forbid_pairs", lambda: {"cost": uniform(3, 2), "share": 0.2, "seed": 1}, ("cost",)),
    Call(
        "trace_formula",
        lambda: {"formula": "clipped", "a": _rows(), "q": _target(), "dtype": "float32", "floor": 1e-6},
    ),
    Call("trace_formulas", lambda: {"a": _rows(), "q": _target()}),
    Call("outcome_map", lambda: {"gaps": tensor64(0.0, 20.0), "q": _target()}),
    Call(
        "accuracy_map",
        lambda: {
            "gaps": tensor64(0.0, 20.0),
            "q": _target(),
            "origin": _rows(),
            "direction": tensor64(1.0, 0.0, 0.5),
            "floor": 1e-6,
        },
    ),
    Call(
        "clipping_curves",
        lambda: {"gaps": tensor64(0.0, 20.0), "floors": (1e-3, 1e-6), "dtype": "float32"},
    ),
    Call("clipping_gap", lambda: {"floor": 1e-6}),
    Call("run_pitfall", lambda: {"case": PITFALLS["overflow"], "cured": True}),
    Call("run_experiment", lambda: {"config": _config(), "device": "cpu"}),
    Call("run_sweep", lambda: {"config": _config(), "name": "eps", "values": [0.3, 1.0]}),
    Call(
        "run_grid",
        lambda: {
            "config": _config(),
            "axes": Axis("eps", [0.3, 1.0]),
            "metrics": "slope",
            "seeds": 2,
        },
    ),
    Call("grid_csv", lambda: {"result": run_grid(_config(), Axis("eps", [0.3]), "slope")}),
    Call(
        "compare_losses",
        lambda: {
            "l1": tensor64(4.0, 5.0, 6.5),
            "l2": tensor64(0.5, 1.0, 2.0),
            "entropy": tensor64(3.5, 4.0, 4.5),
            "rounding": tensor64(0.0, 0.0, 0.0),
        },
    ),
    Call("sort_losses", lambda: {"l1": tensor64(4.0, 6.5, 5.0), "l2": tensor64(0.5, 2.0, 1.0)}),
    Call("trials_csv", lambda: {"result": run_experiment(_config())}),
    Call("check_sum", lambda: {"p": _target(), "a": _rows(), "mean": 0.25}),
    Call("sum_errors", lambda: {"draws": 20, "m": 3, "seed": 1}),
)

PUBLIC_FUNCTIONS = {name for name in ce_core.__all__ if isfunction(getattr(ce_core, name))}
