"""Entropic optimal transport: Sinkhorn's iteration, its convergence, balanced assignments."""
