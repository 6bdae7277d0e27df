"""Everything that a run of a page shows, piece by piece, with where it stands."""

import json
from collections.abc import Iterator
from typing import Any, Final

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from lab.live.animations import OFFER
from lab.web.page_names import LABS
from tests.support.unpacking import animation_of, frame_of, unpack

# Fields that name a thing for the machine. All others are taken to be shown, so that a new kind of
# element cannot slip through.
_HIDDEN: Final = {
    "id", "key", "form_id", "element_id", "icon", "url", "anchor", "page", "page_script_hash",
    "query_string", "query_param_key", "language", "type", "theme", "component_name", "spec", "config",
    "js_content", "css_content", "html_content", "mime_type", "file_name", "user_key", "json", "bytes",
    "data", "deferred_file_id", "extra_args", "sandbox", "import_as", "selection_mode", "format",
    "tag",
}  # fmt: skip
# What of a figure is seen, and where in a part of the live figures texts stand.
_DRAWN: Final = {"text", "name", "hovertemplate", "texttemplate", "ticktext", "hovertext", "label"}
_SPOKEN: Final = {
    "words", "texts", "title", "alt", "numbers", "label", "readouts", "spelled", "rows", "columns",
    "text", "said", "entries", "mark", "cells", "cure", "answer",
}  # fmt: skip

# What names a thing for the machine among them.
_INSIDE: Final = {"language", "phase", "operation", "broken", "cured"}


def shown(app: AppTest) -> Iterator[tuple[str, str]]:
    """Return every text of a page: what it belongs to, and the text."""
    for node in _nodes(app._tree):
        proto: Any = getattr(node, "proto", None)
        if not hasattr(proto, "ListFields"):
            continue
        kind = node.type
        if kind == "bidi_component":
            yield from _of_component(proto)
        elif kind == "plotly_chart":
            yield from _of_figure(json.loads(proto.spec))
        elif kind in ("arrow_data_frame", "dataframe"):
            table = node.value
            yield from (("column of a table", str(name)) for name in table.columns)
            for column in table.columns:
                yield from (("cell of a table", str(cell)) for cell in table[column])
        elif not (kind == "html" or (kind == "markdown" and proto.body.startswith("<style>"))):
            yield from _of_proto(kind, proto)
    for group in LABS:
        if OFFER.format(group) in app.session_state:
            yield from _of_animation(animation_of(app, group))


def _nodes(node: Node) -> Iterator[Any]:
    yield node
    if isinstance(node, Block):
        for child in node.children.values():
            yield from _nodes(child)


def _of_proto(place: str, proto: Any) -> Iterator[tuple[str, str]]:
    for field, value in proto.ListFields():
        if field.name in _HIDDEN or field.name.endswith(("_id", "_key")):
            continue
        here = f"{place}.{field.name}"
        for one in value if field.is_repeated else [value]:
            if hasattr(one, "ListFields"):
                yield from _of_proto(here, one)
            elif isinstance(one, str) and one:
                yield here, one


def _of_component(proto: Any) -> Iterator[tuple[str, str]]:
    if proto.bytes:
        part = unpack(proto.bytes)
        for card in part.get("cards", []):
            yield from _of_figure(frame_of(card["animation"], 0), card["key"])
            yield from _spoken({k: v for k, v in card.items() if k != "animation"}, card["key"])
        yield from _spoken({k: v for k, v in part.items() if k != "cards"}, part["part"])
    elif proto.json:
        yield from _spoken(json.loads(proto.json), "component")


def _of_animation(frames: Any) -> Iterator[tuple[str, str]]:
    for key, animation in frames["cards"].items():
        # The others differ in numbers; what is written beside each frame is looked at below.
        for index in sorted({0, len(frames["values"]) // 2, len(frames["values"]) - 1}):
            yield from _of_figure(frame_of(animation, index), f"frame {index} of {key}")
    yield from _spoken({k: v for k, v in frames.items() if k != "cards"}, "frames")


def _spoken(tree: Any, place: str, *, inside: bool = False) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, child in tree.items():
            if name in _SPOKEN or (inside and name not in _INSIDE):
                yield from _spoken(child, f"{place}.{name}", inside=True)
    elif isinstance(tree, list):
        for child in tree:
            yield from _spoken(child, place, inside=inside)
    elif isinstance(tree, str) and tree:
        yield place, tree


def _of_figure(tree: Any, place: str = "figure") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, child in tree.items():
            here = f"{place}.{name}"
            if name in _DRAWN and isinstance(child, str):
                yield here, child
            elif name in _DRAWN and isinstance(child, list):
                yield from ((here, text) for text in child if isinstance(text, str))
            if isinstance(child, dict | list):
                yield from _of_figure(child, here)
    elif isinstance(tree, list):
        for child in tree:
            if isinstance(child, dict | list):
                yield from _of_figure(child, place)
