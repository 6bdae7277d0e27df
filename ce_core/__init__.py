"""Softmax, cross-entropy in two forms, and Sinkhorn transport, on torch.

Logits `a`, predicted distributions `p`, targets `q` of shape [..., m]; costs of shape [..., n, m].
Losses and entropies are in nats. Tensors in, tensors out, of the same dtype and device.
"""

from ce_core.budget import experiment_work, fit_budget
from ce_core.comparison import LossComparison, SortedLosses, compare_losses, sort_losses
from ce_core.density import PointDensity, count_points
from ce_core.differences import DifferenceErrors, difference_errors
from ce_core.entropic import SinkhornResult, SinkhornStatus, sinkhorn
from ce_core.experiment import DTYPES, ExperimentConfig, ExperimentResult, run_experiment
from ce_core.export import config_call, config_command, summary, trial_rows, trials_csv
from ce_core.formulas import FORMULAS
from ce_core.frames import chunk_frames, fit_frames, frame_configs, run_frames
from ce_core.losses import (
    cross_entropy,
    cross_entropy_grad,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
)
from ce_core.outcomes import OUTCOMES, OutcomeMap, outcome_map
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
from ce_core.transport import balanced_assignment, balanced_codes

__all__ = [
    "DTYPES",
    "FORMULAS",
    "OUTCOMES",
    "DifferenceErrors",
    "ExperimentConfig",
    "ExperimentResult",
    "FormulaStep",
    "FormulaTrace",
    "JacobianSpectrum",
    "LossComparison",
    "OutcomeMap",
    "PointDensity",
    "SinkhornResult",
    "SinkhornStatus",
    "SoftmaxSurface",
    "SortedLosses",
    "asymptotic_rate",
    "balanced_assignment",
    "balanced_codes",
    "birkhoff_rate",
    "centred_product",
    "chunk_frames",
    "compare_losses",
    "config_call",
    "config_command",
    "count_points",
    "cross_entropy",
    "cross_entropy_grad",
    "difference_errors",
    "entropy",
    "experiment_work",
    "fit_budget",
    "fit_frames",
    "frame_configs",
    "jacobian_spectrum",
    "kl_divergence",
    "log_softmax",
    "logit_gap",
    "logit_gap_grad",
    "logit_gap_residual",
    "outcome_map",
    "run_experiment",
    "run_frames",
    "sinkhorn",
    "softmax",
    "softmax_jacobian",
    "softmax_jvp",
    "softmax_surface",
    "sort_losses",
    "summary",
    "trace_formula",
    "trace_formulas",
    "trial_rows",
    "trials_csv",
]
