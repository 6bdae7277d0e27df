"""The state of the home page: there is nothing to set on it yet."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HomeState:
    """Nothing but what all pages have."""
