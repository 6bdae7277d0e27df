"""Softmax, cross-entropy in two forms, and Sinkhorn transport, on torch.

Logits `a`, predicted distributions `p`, targets `q` of shape [..., m]; costs of shape [..., n, m].
Losses and entropies are in nats. Tensors in, tensors out, of the same dtype and device; histories of
errors and paths of plans are float64. Lists and integers take the dtype of the arrays beside them,
alone torch's default; where float32 is too narrow for their range, or for the digits of integers, they
count as float64. What may be differentiated is in docs/derivatives.md.

By subject, what is public is

- of a distribution: `softmax`, `log_softmax`, `entropy`, `kl_divergence`, `softmax_surface`; from its
  logits: `entropy_from_logits`, `kl_from_logits`, `js_from_logits`; its Jacobian:
  `softmax_jacobian`, `softmax_jvp`, `centred_product`, `jacobian_spectrum`, `difference_errors`; a
  target: `smoothed_target`;
- the two losses: `cross_entropy`, `logit_gap`, their gradients, `logit_gap_residual`; what they lead
  to: `logit_gap_minimum`, `lambert_w`, `descent_paths`;
- transport: `sinkhorn`, `unbalanced_sinkhorn`, `balanced_assignment`, `sinkhorn_divergence`; what goes
  in: `relative_eps`, `squared_distances`, `with_dustbins`; what to make of a plan: `round_plan`,
  `hard_assignment`; how it goes: `trace_convergence`, `birkhoff_rate`, `asymptotic_rate`,
  `plans_along_iterations`, `plans_along_eps`; costs to try it on: `random_cost`, `pixel_grid`,
  `digit_image`, `forbid_pairs`;
- what to set: `eps_for_perplexity`, `iterations_for_error`, `tuning_map` and what to `recommend` of it,
  `snippets` of code, `temperature_for_entropy`, `temperature_curve`; which sign scores have: `reading`;
- numbers that a computer can hold: `trace_formula`, `trace_formulas`, `outcome_map`, `accuracy_map`,
  `clipping_curves`, `clipping_gap`, `run_pitfall`;
- the experiment: `ExperimentConfig`, `run_experiment`, `run_sweep`, `compare_losses`, `sort_losses`,
  `trials_csv`;
- the post's own steps: `check_sum`, `sum_errors`, `post_assignment`.

A name in capitals lists what an argument may be. What only pages need is in the modules.
"""

# The numeric types that everything computes in.
from ce_core.dtypes import DTYPES

# The experiment.
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.export import trials_csv
from ce_core.experiment.run import ExperimentResult, run_experiment
from ce_core.experiment.statistics import LossComparison, SortedLosses, compare_losses, sort_losses
from ce_core.experiment.sweep import run_sweep

# The two losses.
from ce_core.losses.descent import DESCENTS, DescentPaths, descent_paths
from ce_core.losses.forms import (
    cross_entropy,
    cross_entropy_grad,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
)
from ce_core.losses.lambert import lambert_w
from ce_core.losses.minimum import LogitGapMinimum, logit_gap_minimum

# The post's own steps.
from ce_core.post.plan_variant import post_assignment
from ce_core.post.sum_check import SumCheck, SumErrors, check_sum, sum_errors

# Distributions.
from ce_core.probability.distributions import entropy, kl_divergence, log_softmax, softmax
from ce_core.probability.eigenvalues import JacobianSpectrum, jacobian_spectrum
from ce_core.probability.finite_differences import DifferenceErrors, difference_errors
from ce_core.probability.from_logits import entropy_from_logits, js_from_logits, kl_from_logits
from ce_core.probability.jacobian import centred_product, softmax_jacobian, softmax_jvp
from ce_core.probability.surface import SoftmaxSurface, softmax_surface
from ce_core.probability.targets import smoothed_target

# Numbers that a computer can hold.
from ce_core.stability.accuracy_map import AccuracyMap, AccuracyRun, accuracy_map
from ce_core.stability.clipping import ClippingCurves, clipping_curves, clipping_gap
from ce_core.stability.formulas import FORMULAS
from ce_core.stability.outcome_map import OutcomeMap, outcome_map
from ce_core.stability.pitfalls import PITFALLS, Pitfall, PitfallResult, run_pitfall
from ce_core.stability.tracing import FormulaStep, FormulaTrace, trace_formula, trace_formulas

# Transport.
from ce_core.transport.balanced import balanced_assignment
from ce_core.transport.convergence import ConvergenceTrace, trace_convergence
from ce_core.transport.costs import (
    digit_image,
    forbid_pairs,
    pixel_grid,
    random_cost,
)
from ce_core.transport.distances import squared_distances
from ce_core.transport.divergence import SinkhornDivergence, sinkhorn_divergence
from ce_core.transport.dustbins import SlackProblem, with_dustbins
from ce_core.transport.entropic_ot import SinkhornResult, sinkhorn
from ce_core.transport.exact_plans import hard_assignment, round_plan
from ce_core.transport.plan_paths import PlanFrames, plans_along_eps, plans_along_iterations
from ce_core.transport.rates import asymptotic_rate, birkhoff_rate
from ce_core.transport.regularisation import relative_eps
from ce_core.transport.status import SinkhornStatus
from ce_core.transport.unbalanced import UnbalancedResult, unbalanced_sinkhorn

# What to set.
from ce_core.tuning.choice import Need, Recommendation, recommend
from ce_core.tuning.grid import TuningMap, tuning_map
from ce_core.tuning.iteration_counts import IterationsForError, iterations_for_error
from ce_core.tuning.pasted_code import snippets
from ce_core.tuning.regularisations import EpsForPerplexity, eps_for_perplexity
from ce_core.tuning.signs import Evidence, Reading, reading
from ce_core.tuning.status import TuningStatus
from ce_core.tuning.temperatures import (
    TemperatureCurve,
    TemperatureForEntropy,
    temperature_curve,
    temperature_for_entropy,
)

# The one place that says it: the package's metadata are read from here.
__version__ = "0.1.0.dev0"

__all__ = [
    "DESCENTS",
    "DTYPES",
    "FORMULAS",
    "PITFALLS",
    "AccuracyMap",
    "AccuracyRun",
    "ClippingCurves",
    "ConvergenceTrace",
    "DescentPaths",
    "DifferenceErrors",
    "EpsForPerplexity",
    "Evidence",
    "ExperimentConfig",
    "ExperimentResult",
    "FormulaStep",
    "FormulaTrace",
    "IterationsForError",
    "JacobianSpectrum",
    "LogitGapMinimum",
    "LossComparison",
    "Need",
    "OutcomeMap",
    "Pitfall",
    "PitfallResult",
    "PlanFrames",
    "Reading",
    "Recommendation",
    "SinkhornDivergence",
    "SinkhornResult",
    "SinkhornStatus",
    "SlackProblem",
    "SoftmaxSurface",
    "SortedLosses",
    "SumCheck",
    "SumErrors",
    "TemperatureCurve",
    "TemperatureForEntropy",
    "TuningMap",
    "TuningStatus",
    "UnbalancedResult",
    "accuracy_map",
    "asymptotic_rate",
    "balanced_assignment",
    "birkhoff_rate",
    "centred_product",
    "check_sum",
    "clipping_curves",
    "clipping_gap",
    "compare_losses",
    "cross_entropy",
    "cross_entropy_grad",
    "descent_paths",
    "difference_errors",
    "digit_image",
    "entropy",
    "entropy_from_logits",
    "eps_for_perplexity",
    "forbid_pairs",
    "hard_assignment",
    "iterations_for_error",
    "jacobian_spectrum",
    "js_from_logits",
    "kl_divergence",
    "kl_from_logits",
    "lambert_w",
    "log_softmax",
    "logit_gap",
    "logit_gap_grad",
    "logit_gap_minimum",
    "logit_gap_residual",
    "outcome_map",
    "pixel_grid",
    "plans_along_eps",
    "plans_along_iterations",
    "post_assignment",
    "random_cost",
    "reading",
    "recommend",
    "relative_eps",
    "round_plan",
    "run_experiment",
    "run_pitfall",
    "run_sweep",
    "sinkhorn",
    "sinkhorn_divergence",
    "smoothed_target",
    "snippets",
    "softmax",
    "softmax_jacobian",
    "softmax_jvp",
    "softmax_surface",
    "sort_losses",
    "squared_distances",
    "sum_errors",
    "temperature_curve",
    "temperature_for_entropy",
    "trace_convergence",
    "trace_formula",
    "trace_formulas",
    "trials_csv",
    "tuning_map",
    "unbalanced_sinkhorn",
    "with_dustbins",
]
