"""Entropic optimal transport: Sinkhorn's iteration, its convergence, balanced assignments.

Dense problems that fit into memory, batched, differentiable, in float64 inside, with a status for
each item. What is not here: exact transport without ε, partial, multi-marginal and sliced transport,
barycentres, Gromov-Wasserstein and its fusions (POT has these); low-rank and graph geometries, costs
that are never stored, Sinkhorn on accelerators under jit (OTT-JAX); costs of points by the million
(GeomLoss with KeOps).
"""
