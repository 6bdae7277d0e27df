"""Packed figures as the browser reads them: the counterpart of `pages/lab/live/unpack.js`."""

import copy
import json
import struct
import zlib
from contextvars import copy_context
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from lab.live.animations import OFFER


def unpack(packed: bytes) -> Any:
    """Return the tree that was packed, with NumPy arrays where there were some."""
    kind, body = packed[:4], packed[4:]
    assert kind in (b"LABJ", b"LABZ")
    if kind == b"LABZ":
        body = zlib.decompress(body)
    (length,) = struct.unpack("<I", body[:4])
    head = json.loads(body[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    arrays = [
        np.frombuffer(body, f"<{dtype}", int(np.prod(shape)), start + offset).reshape(shape)
        for dtype, offset, shape in head["arrays"]
    ]
    return _revive(head["tree"], arrays)


def frame_of(animation: Any, index: int) -> Any:
    """Return the figure of one frame of an animation."""
    figure = copy.deepcopy(animation["base"])
    for path, values in animation["moves"]:
        place = figure
        for name in path[:-1]:
            place = place[name]
        if values[index]:
            place[path[-1]] = values[index][0]
        else:
            place.pop(path[-1], None)
    return figure


def parts_of(app: AppTest) -> dict[str, Any]:
    """Return what the page sends to its figures: `timeline` and `grid`, if they are there.

    What is sent to two grids of one page is put together.
    """
    parts: dict[str, Any] = {}
    for element in app.get("bidi_component"):
        if element.proto.bytes:
            part = unpack(element.proto.bytes)
            before = parts.get(part["part"], {})
            parts[part["part"]] = part | {"cards": [*before.get("cards", []), *part.get("cards", [])]}
    return parts


def animation_of(app: AppTest, group: str) -> Any:
    """Return the animation that a hand at the timeline would fetch."""
    offer = app.session_state[OFFER.format(group)]
    # In a thread of its own it would have the language to itself.
    return unpack(copy_context().run(offer.compute))


def figures_of(app: AppTest) -> list[Any]:
    """Return the figures that the page shows at once, as Plotly gets them."""
    return [frame_of(card["animation"], 0) for card in parts_of(app)["grid"]["cards"]]


def captions_of(app: AppTest) -> str:
    """Return the numbers beside the figures."""
    return "\n".join(card["numbers"] for card in parts_of(app)["grid"]["cards"])


def _revive(tree: Any, arrays: list[Any]) -> Any:
    if isinstance(tree, list):
        return [_revive(child, arrays) for child in tree]
    if isinstance(tree, dict):
        if "$" in tree:
            return arrays[tree["$"]]
        return {name: _revive(child, arrays) for name, child in tree.items()}
    return tree
