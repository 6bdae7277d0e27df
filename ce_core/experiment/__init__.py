"""The experiment of the post: draws, losses, statistics, sweeps over a parameter."""
