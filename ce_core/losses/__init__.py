"""The cross-entropy in two forms, their gradients, and where descent on them leads."""
