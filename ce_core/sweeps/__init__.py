"""Grids of the experiment over one or two of its parameters: in memory, on disk, by workers."""
