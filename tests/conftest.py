"""Settings of the tests: property cases are the same in every run and have no deadline."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("deterministic")
