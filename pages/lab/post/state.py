"""The state of the page of the post: there is nothing to set on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PostState:
    """Nothing but what all pages have."""
