"""Settings of the tests: property cases are the same in every run and have no deadline.

`pytest --hypothesis-profile=fuzz tests/fuzz` (`make fuzz`) draws others in each run, and many more.
"""

import sys
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


# What new processes begin with.
_MAIN = sys.modules["__main__"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes long, so that no process is left alone with it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


@pytest.fixture(autouse=True)
def own_main() -> None:
    """Put back what Streamlit replaces when it runs a page, with a script that is gone later."""
    sys.modules["__main__"] = _MAIN


@pytest.fixture(scope="module")
def without_shape_checks() -> Iterator[None]:
    """Let functions see values themselves, which the checks of shapes and types would intercept."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
