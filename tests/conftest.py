"""Settings of the tests: property cases are the same in every run and have no deadline.

`pytest --hypothesis-profile=fuzz tests/fuzz` (`make fuzz`) draws others in each run, and many more.
"""

from collections.abc import Iterator

import jaxtyping
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("deterministic", derandomize=True, deadline=None, max_examples=25)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=10_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("deterministic")


@pytest.fixture(scope="module")
def without_shape_checks() -> Iterator[None]:
    """Let functions see values themselves, which the checks of shapes and types would intercept."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
