"""Timings of the core against its peers: `python -m benchmarks [subject ...]`."""
