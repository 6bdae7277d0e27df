"""Settings that every test and doctest shares."""

import pytest
import torch

import ce_core


@pytest.fixture(autouse=True)
def _names_of_the_examples(doctest_namespace: dict[str, object]) -> None:
    """Let the examples use torch and the public names of the core as they are."""
    doctest_namespace.update({name: getattr(ce_core, name) for name in ce_core.__all__})
    doctest_namespace["torch"] = torch
