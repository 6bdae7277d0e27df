"""What the blog post published, for comparison."""

from typing import Final

PUBLISHED_L1: Final = (
    4.15883989, 4.15890663, 4.15894403, 4.15897117, 4.15902341, 4.15904347, 4.1590823,
    4.1590913, 4.15910622, 4.15913114, 4.15913474, 4.1591434, 4.15914856, 4.15916808,
    4.15916826, 4.15917904, 4.15918445, 4.15918608, 4.15925961, 4.15926385,
)  # fmt: skip
"""L1 of the post's 20 trials in nats, in ascending order."""

PUBLISHED_L2: Final = (
    0.00017298, 0.00024753, 0.00028277, 0.00030974, 0.00036783, 0.0003804, 0.00041808,
    0.00043415, 0.00044729, 0.00047444, 0.00047943, 0.00048301, 0.00049451, 0.00050864,
    0.00051069, 0.0005161, 0.00053111, 0.00052533, 0.00060765, 0.0006024,
)  # fmt: skip
"""L2 of the same trials, in the order of L1."""

CHECK_VALUES: Final = (0.90457897, 0.08975555, 0.6955031, 0.74161145, 0.50095907)
"""The five numbers a of the post's fourth step, as printed."""

CHECK_P: Final = (0.02797057, 0.09509987, 0.27454503, 0.273575, 0.32880953)
"""The five weights p of the same run."""

CHECK_MEAN: Final = 0.5923907183986392
"""b = p·a of the same run, as printed."""

CHECK_SUM: Final = 5.204170427930421e-17
"""Σ p (a - b) of the same run, as printed."""
