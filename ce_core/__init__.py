"""Softmax, cross-entropy in two forms, and Sinkhorn transport, on torch.

Logits `a`, predicted distributions `p`, targets `q` of shape [..., m]; costs of shape [..., n, m].
Losses and entropies are in nats. Tensors in, tensors out, of the same dtype and device.
"""

from ce_core.dtypes import DTYPES
from ce_core.experiment.export import config_call, config_command, summary, trial_rows, trials_csv
from ce_core.experiment.point_density import PointDensity, count_points
from ce_core.experiment.run import ExperimentConfig, ExperimentResult, run_experiment
from ce_core.experiment.statistics import LossComparison, SortedLosses, compare_losses, sort_losses
from ce_core.experiment.sweep import chunk_sweep, fit_sweep, run_sweep, sweep_configs
from ce_core.experiment.work import experiment_work, fit_work
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
from ce_core.post.plan_variant import (
    VARIANT_DTYPES,
    VariantDifferences,
    post_assignment,
    variant_differences,
)
from ce_core.post.sum_check import (
    SUM_CHECK_DTYPES,
    SumCheck,
    SumErrors,
    check_sum,
    sum_errors,
)
from ce_core.probability.distributions import (
    centred_product,
    entropy,
    kl_divergence,
    log_softmax,
    softmax,
    softmax_jacobian,
    softmax_jvp,
)
from ce_core.probability.eigenvalues import JacobianSpectrum, jacobian_spectrum
from ce_core.probability.finite_differences import DifferenceErrors, difference_errors
from ce_core.probability.surface import SoftmaxSurface, softmax_surface
from ce_core.probability.targets import merge_classes, smoothed_target
from ce_core.stability.accuracy_map import VERDICTS, AccuracyMap, AccuracyRun, accuracy_map
from ce_core.stability.clipping import ClippingCurves, clipping_curves, clipping_gap
from ce_core.stability.exact_arithmetic import ExactStep, exact_steps
from ce_core.stability.formulas import FORMULAS
from ce_core.stability.outcome_map import OUTCOMES, OutcomeMap, outcome_map
from ce_core.stability.pitfalls import PITFALLS, Pitfall, PitfallResult, run_pitfall
from ce_core.stability.tracing import FormulaStep, FormulaTrace, trace_formula, trace_formulas
from ce_core.transport.balanced import balanced_assignment, balanced_codes
from ce_core.transport.convergence import ConvergenceTrace, trace_convergence
from ce_core.transport.costs import (
    LARGEST_DRAW,
    digit_image,
    forbid_pairs,
    pixel_grid,
    random_cost,
    squared_distances,
)
from ce_core.transport.entropic_ot import SinkhornResult, SinkhornStatus, sinkhorn
from ce_core.transport.plan_paths import PlanFrames, plans_along_eps, plans_along_iterations
from ce_core.transport.rates import asymptotic_rate, birkhoff_rate

# The one place that says it: the package's metadata are read from here.
__version__ = "0.1.0.dev0"

__all__ = [
    "DESCENTS",
    "DTYPES",
    "FORMULAS",
    "LARGEST_DRAW",
    "OUTCOMES",
    "PITFALLS",
    "SUM_CHECK_DTYPES",
    "VARIANT_DTYPES",
    "VERDICTS",
    "AccuracyMap",
    "AccuracyRun",
    "ClippingCurves",
    "ConvergenceTrace",
    "DescentPaths",
    "DifferenceErrors",
    "ExactStep",
    "ExperimentConfig",
    "ExperimentResult",
    "FormulaStep",
    "FormulaTrace",
    "JacobianSpectrum",
    "LogitGapMinimum",
    "LossComparison",
    "OutcomeMap",
    "Pitfall",
    "PitfallResult",
    "PlanFrames",
    "PointDensity",
    "SinkhornResult",
    "SinkhornStatus",
    "SoftmaxSurface",
    "SortedLosses",
    "SumCheck",
    "SumErrors",
    "VariantDifferences",
    "accuracy_map",
    "asymptotic_rate",
    "balanced_assignment",
    "balanced_codes",
    "birkhoff_rate",
    "centred_product",
    "check_sum",
    "chunk_sweep",
    "clipping_curves",
    "clipping_gap",
    "compare_losses",
    "config_call",
    "config_command",
    "count_points",
    "cross_entropy",
    "cross_entropy_grad",
    "descent_paths",
    "difference_errors",
    "digit_image",
    "entropy",
    "exact_steps",
    "experiment_work",
    "fit_sweep",
    "fit_work",
    "forbid_pairs",
    "jacobian_spectrum",
    "kl_divergence",
    "lambert_w",
    "log_softmax",
    "logit_gap",
    "logit_gap_grad",
    "logit_gap_minimum",
    "logit_gap_residual",
    "merge_classes",
    "outcome_map",
    "pixel_grid",
    "plans_along_eps",
    "plans_along_iterations",
    "post_assignment",
    "random_cost",
    "run_experiment",
    "run_pitfall",
    "run_sweep",
    "sinkhorn",
    "smoothed_target",
    "softmax",
    "softmax_jacobian",
    "softmax_jvp",
    "softmax_surface",
    "sort_losses",
    "squared_distances",
    "sum_errors",
    "summary",
    "sweep_configs",
    "trace_convergence",
    "trace_formula",
    "trace_formulas",
    "trial_rows",
    "trials_csv",
    "variant_differences",
]
