"""The state of the home page: where the figure is held, and of how many classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lab.language.catalogues import N_
from lab.state.fields import Number, field, records

LOW, HIGH = -2.0, 8.0
"""From where to where the lead goes: L2 pushes both ways, for any number of classes."""


@dataclass(frozen=True)
class HomeState:
    """The lead of the right logit, and the number of classes; the losses push opposite ways."""

    lead: float = field(
        3.4,
        Number(label=N_("Lead of the right logit over the others"), low=LOW, high=HIGH, integer=False),
    )
    k: int = field(10, Number(label=N_("Number of classes"), low=2, high=64))


DEFAULT: Final = HomeState()


def read_move(message: Mapping[str, Any], _state: HomeState) -> HomeState | None:
    """Return the state that a message of the figure says; None if it is forged."""
    found = {name: record.checked(message.get(name)) for name, record in records(HomeState).items()}
    return None if None in found.values() else HomeState(**found)
