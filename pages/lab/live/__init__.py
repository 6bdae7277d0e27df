"""Figures that stay while their data change, and are scrubbed along a parameter."""
