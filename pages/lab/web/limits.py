"""What one visitor may ask of the server: every limit, with the variable that sets it."""

import math
import os
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self, get_type_hints

PREFIX: Final = "LAB_"

# Longer, in milliseconds, the system does not count.
_DAY: Final = 86_400.0


def _limit(default: float, *, at_least: float, at_most: float = math.inf) -> Any:
    return field(default=default, metadata={"bounds": (at_least, at_most)})


@dataclass(frozen=True)
class Limits:
    """Limits of a server, each set by the variable of its name: `LAB_SESSIONS_AN_ADDRESS=300`.

    Attributes
    ----------
    messages_a_second
        Messages of one session that are read, in the long run; what comes faster waits its turn.
    messages_at_once
        As many are read without a wait after a rest.
    sessions_an_address
        Sessions that one address may have open; a class behind one router is one address.
    request_seconds
        Within which a request is there whole, from its connection or its first byte on.
    unread_seconds
        After which a connection ends that takes nothing of what was sent to it.
    file_megabytes
        Of files that visitors have opened, in all, and again of the scores that were read from them. A
        session keeps one; what would be more is refused.
    local
        1 to have limits hold for visitors from the machine itself too. Behind a proxy that names
        its visitors these are not meant.
    """

    messages_a_second: float = _limit(20.0, at_least=0.1)
    messages_at_once: int = _limit(60, at_least=1)
    sessions_an_address: int = _limit(200, at_least=1)
    request_seconds: float = _limit(10.0, at_least=1, at_most=_DAY)
    unread_seconds: float = _limit(60.0, at_least=1, at_most=_DAY)
    file_megabytes: float = _limit(200.0, at_least=0)
    local: int = _limit(0, at_least=0)

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the variable that sets each limit, by the name of the limit."""
        return {limit.name: f"{PREFIX}{limit.name}".upper() for limit in fields(cls)}

    @classmethod
    def of_environment(cls) -> Self:
        """Return the limits that the variables set.

        Raises
        ------
        ValueError
            If a variable is no number, below what lets one visitor in, or above a day.
        """
        kinds, variables = get_type_hints(cls), cls.variables()
        said = {}
        for limit in fields(cls):
            name = variables[limit.name]
            text = os.environ.get(name)
            if text is not None:
                said[limit.name] = _number(name, text, kinds[limit.name], *limit.metadata["bounds"])
        return cls(**said)


def _number(name: str, text: str, kind: type, least: float, most: float) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = None
    # Nothing compares with a NaN.
    if value is None or not least <= value <= most or value == math.inf:
        word = "a whole number" if kind is int else "a number"
        bounds = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise ValueError(f"{name} must be {word} {bounds}, got {text[:40]!r}")
    return value
