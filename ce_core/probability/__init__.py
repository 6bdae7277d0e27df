"""Distributions over classes: softmax, its Jacobian and derivatives, entropy, targets."""
