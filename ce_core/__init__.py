"""Softmax, cross-entropy in two forms, and Sinkhorn transport, on torch.

Logits `a`, predicted distributions `p`, targets `q` of shape [..., m]; costs of shape [..., n, m].
Losses and entropies are in nats. Tensors in, tensors out, of the same dtype and device.
"""

from ce_core.budget import experiment_work, fit_budget
from ce_core.centring import (
    CENTRING_DTYPES,
    CentringCheck,
    CentringErrors,
    centring_errors,
    check_centring,
)
from ce_core.clipping import ClippingCurves, clipping_curves, clipping_gap
from ce_core.comparison import LossComparison, SortedLosses, compare_losses, sort_losses
from ce_core.convergence import ConvergenceTrace, trace_convergence
from ce_core.costs import (
    LARGEST_DRAW,
    digit_image,
    forbid_pairs,
    pixel_grid,
    random_cost,
    squared_distances,
)
from ce_core.density import PointDensity, count_points
from ce_core.descent import DESCENTS, DescentPaths, descent_paths
from ce_core.differences import DifferenceErrors, difference_errors
from ce_core.entropic import SinkhornResult, SinkhornStatus, sinkhorn
from ce_core.exact import ExactStep, exact_steps
from ce_core.experiment import DTYPES, ExperimentConfig, ExperimentResult, run_experiment
from ce_core.export import config_call, config_command, summary, trial_rows, trials_csv
from ce_core.formulas import FORMULAS
from ce_core.frames import chunk_frames, fit_frames, frame_configs, run_frames
from ce_core.lambert import lambert_w
from ce_core.losses import (
    cross_entropy,
    cross_entropy_grad,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
)
from ce_core.minimum import LogitGapMinimum, logit_gap_minimum
from ce_core.outcomes import OUTCOMES, OutcomeMap, outcome_map
from ce_core.plans import PlanFrames, plans_along_eps, plans_along_iterations
from ce_core.post_variant import (
    VARIANT_DTYPES,
    VariantDifferences,
    post_assignment,
    variant_differences,
)
from ce_core.practice import PRACTICE_CASES, CaseResult, PracticeCase, run_code
from ce_core.probability import (
    centred_product,
    entropy,
    kl_divergence,
    log_softmax,
    softmax,
    softmax_jacobian,
    softmax_jvp,
)
from ce_core.rates import asymptotic_rate, birkhoff_rate
from ce_core.spectrum import JacobianSpectrum, jacobian_spectrum
from ce_core.stability import FormulaStep, FormulaTrace, trace_formula, trace_formulas
from ce_core.surface import SoftmaxSurface, softmax_surface
from ce_core.targets import merge_classes, smoothed_target
from ce_core.transport import balanced_assignment, balanced_codes
from ce_core.verdicts import VERDICTS, VerdictMap, VerdictRun, verdict_map

__all__ = [
    "CENTRING_DTYPES",
    "DESCENTS",
    "DTYPES",
    "FORMULAS",
    "LARGEST_DRAW",
    "OUTCOMES",
    "PRACTICE_CASES",
    "VARIANT_DTYPES",
    "VERDICTS",
    "CaseResult",
    "CentringCheck",
    "CentringErrors",
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
    "PlanFrames",
    "PointDensity",
    "PracticeCase",
    "SinkhornResult",
    "SinkhornStatus",
    "SoftmaxSurface",
    "SortedLosses",
    "VariantDifferences",
    "VerdictMap",
    "VerdictRun",
    "asymptotic_rate",
    "balanced_assignment",
    "balanced_codes",
    "birkhoff_rate",
    "centred_product",
    "centring_errors",
    "check_centring",
    "chunk_frames",
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
    "fit_budget",
    "fit_frames",
    "forbid_pairs",
    "frame_configs",
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
    "run_code",
    "run_experiment",
    "run_frames",
    "sinkhorn",
    "smoothed_target",
    "softmax",
    "softmax_jacobian",
    "softmax_jvp",
    "softmax_surface",
    "sort_losses",
    "squared_distances",
    "summary",
    "trace_convergence",
    "trace_formula",
    "trace_formulas",
    "trial_rows",
    "trials_csv",
    "variant_differences",
    "verdict_map",
]
