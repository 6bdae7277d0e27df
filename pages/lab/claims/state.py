"""The state of the page of claims: there is nothing to set on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClaimsState:
    """Nothing but what all pages have."""
