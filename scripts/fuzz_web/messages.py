"""Messages of a session that no page sends: widgets past their bounds, forged components, all else."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.state.fields import LARGEST_WHOLE
from lab.web.page_names import PAGES
from scripts.fuzz_web.addresses import query
from scripts.fuzz_web.values import json_text, number, one_of, text, tree, whole
from scripts.protocol import BackMsg, ForwardMsg, WidgetState, component_bytes, element_of, rerun

_FITTING: Final[Mapping[str, str]] = {
    "slider": "string_array_value double_array_value",
    "number_input": "int_value double_value",
    "text_input": "string_value",
    "selectbox": "string_value int_value",
    "radio": "string_value int_value",
    "button_group": "string_array_value int_array_value",
    "checkbox": "bool_value",
    "button": "trigger_value",
    "download_button": "trigger_value",
}
"""In which field of a message a widget reports its value."""
_VALUES: Final = tuple(one.name for one in WidgetState.DESCRIPTOR.oneofs_by_name["value"].fields)
_KINDS: Final = tuple(one.name for one in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields)
_EDITED: Final = (
    "logits",
    "temperature",
    "target",
    "q",
    "kind",
    "mu",
    "nu",
    "x",
    "y",
    "step",
    "value",
    "at",
)


@dataclass
class Seen:
    """What a session has been shown: its widgets by id, and the data of its components."""

    kinds: dict[str, str] = field(default_factory=dict)
    elements: dict[str, Any] = field(default_factory=dict)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    session: str = ""
    animation: str = ""

    def take_in(self, message: ForwardMsg) -> None:
        """Note the widget or the component that a message shows."""
        kind, element = element_of(message)
        if element is None or not getattr(element, "id", ""):
            return
        self.kinds[element.id], self.elements[element.id] = kind, element
        if kind != "bidi_component":
            return
        packed = component_bytes(element)
        head = packed[4 : 4 + int.from_bytes(packed[:4], "little")]
        found = json.loads(head)["tree"] if head else json.loads(element.json or "{}")
        self.data[element.id] = found
        self.session = found.get("session") or self.session
        self.animation = found.get("animation") or self.animation


def hostile_message(draw: random.Random, page: str, seen: Seen) -> BackMsg:
    """Return a message for a session on a page."""
    if draw.random() < 0.8:
        return _hostile_rerun(draw, page, seen)
    message = BackMsg()
    kind = draw.choice(_KINDS)
    fill_field(message, BackMsg.DESCRIPTOR.fields_by_name[kind], draw)
    if kind == "backend_operation_request":
        message.backend_operation_request.session_id = draw.choice((seen.session, text(draw)))
    return message


def _hostile_rerun(draw: random.Random, page: str, seen: Seen) -> BackMsg:
    asked = query(draw, page) if draw.random() < 0.15 else ""
    states = [widget_state(draw, seen) for _ in range(draw.choice((1, 1, 1, 2, 5, 30)))]
    message = rerun(page, asked, states)
    run = message.rerun_script
    for change in _CHANGES:
        if draw.random() < 0.04:
            change(run, draw)
    if draw.random() < 0.1:
        fill_field(run, run.DESCRIPTOR.fields_by_name["context_info"], draw)
    return message


def _other_page(run: Any, draw: random.Random) -> None:
    run.page_name = draw.choice((*PAGES, text(draw)))


def _wrong_hash(run: Any, draw: random.Random) -> None:
    run.page_script_hash = text(draw)


def _by_history(run: Any, _draw: random.Random) -> None:
    run.is_history_navigation = True


def _by_itself(run: Any, _draw: random.Random) -> None:
    run.is_auto_rerun = True


def _fragment(run: Any, draw: random.Random) -> None:
    run.fragment_id = text(draw)


def _cached(run: Any, draw: random.Random) -> None:
    run.cached_message_hashes.extend(text(draw) for _ in range(draw.choice((1, 300))))


_CHANGES: Final = (_other_page, _wrong_hash, _by_history, _by_itself, _fragment, _cached)


def widget_state(draw: random.Random, seen: Seen) -> WidgetState:
    """Return what a widget reports: of a field that is its own or another's, or of no widget."""
    # In the order in which they came: their names differ from visit to visit.
    known = list(seen.kinds)
    if not known or draw.random() < 0.08:
        state = WidgetState(id=_any_id(draw, known))
        fill_field(state, WidgetState.DESCRIPTOR.fields_by_name[draw.choice(_VALUES)], draw)
        return state
    name = draw.choice(known)
    kind = seen.kinds[name]
    if kind == "bidi_component":
        return _of_component(draw, name, seen)
    names = _FITTING.get(kind, "string_value").split() if draw.random() < 0.65 else _VALUES
    state = WidgetState(id=name)
    fill_field(state, WidgetState.DESCRIPTOR.fields_by_name[draw.choice(names)], draw)
    if state.WhichOneof("value") == "string_array_value" and draw.random() < 0.4:
        # One that there is: what it leads to is reached too.
        options = list(getattr(seen.elements[name], "options", ()))
        texts = [str(getattr(option, "content", option)) for option in options]
        state.string_array_value.data[:] = [draw.choice(texts)] if texts else []
    return state


def _of_component(draw: random.Random, name: str, seen: Seen) -> WidgetState:
    data = seen.data.get(name, {})
    said = _component_message(draw, data, seen.session) if draw.random() < 0.8 else tree(draw)
    events = ("moved", "commit", "failed", "x")
    if draw.random() < 0.7:
        content = [{"event": draw.choice(events), "value": said}]
        trigger = f"$$STREAMLIT_INTERNAL_KEY_{name}__events"
        packed = json.dumps(content) if draw.random() < 0.85 else json_text(draw)
        return WidgetState(id=trigger, json_trigger_value=packed)
    packed = json.dumps({draw.choice(events): said}) if draw.random() < 0.7 else json_text(draw)
    return WidgetState(id=name, json_value=packed)


def _component_message(draw: random.Random, data: Mapping[str, Any], session: str) -> dict[str, Any]:
    """Return a message that is to be read, whose content is what the component has, spoilt."""
    serial = draw.choice(
        (int(data.get("serial") or data.get("answered") or 0) + 1, whole(draw), LARGEST_WHOLE - 1)
    )
    content = {name: data[name] for name in _EDITED if name in data}
    for name in (*content, draw.choice(_EDITED)):
        if draw.random() < 0.4:
            content[name] = _spoilt(content.get(name), draw)
    return {**content, "session": session, "serial": serial}


def _spoilt(value: Any, draw: random.Random) -> Any:
    if isinstance(value, list) and value and draw.random() < 0.7:
        changed = list(value)
        changed[draw.randrange(len(changed))] = one_of(draw, number, whole, tree)
        return draw.choice((changed, changed[:-1], changed + changed, changed * 500, []))
    return one_of(draw, number, whole, text, tree)


def _any_id(draw: random.Random, known: list[str]) -> str:
    if known and draw.random() < 0.5:
        return draw.choice(known)[:-1] + draw.choice("x0")
    return text(draw)


def fill_field(message: Any, one: Any, draw: random.Random, depth: int = 4) -> None:
    """Fill a field of any message with what it may hold by its type, and by nothing else."""
    count = draw.choice((0, 1, 2, 3, 300)) if one.is_repeated else 1
    if one.message_type is not None:
        for _ in range(min(count, 3)):
            inner = getattr(message, one.name)
            inner = inner.add() if one.is_repeated else inner
            inner.SetInParent()
            fill(inner, draw, depth - 1)
    elif one.is_repeated:
        getattr(message, one.name).extend(_scalar(one, draw) for _ in range(count))
    else:
        setattr(message, one.name, _scalar(one, draw))


def fill(message: Any, draw: random.Random, depth: int) -> None:
    """Fill some fields of a message."""
    for one in message.DESCRIPTOR.fields:
        if depth > 0 and draw.random() < 0.7:
            fill_field(message, one, draw, depth)


def _scalar(one: Any, draw: random.Random) -> Any:
    if "json" in one.name:
        return json_text(draw)
    return _SCALARS[one.type](draw)


def _short(draw: random.Random) -> int:
    return max(-(2**31), min(2**31 - 1, whole(draw)))


_TYPES: Final[Any] = BackMsg.DESCRIPTOR.fields[0]
_SCALARS: Final[Mapping[int, Callable[[random.Random], Any]]] = {
    _TYPES.TYPE_BOOL: lambda draw: draw.random() < 0.8,
    _TYPES.TYPE_BYTES: lambda draw: text(draw).encode(),
    _TYPES.TYPE_DOUBLE: number,
    _TYPES.TYPE_ENUM: lambda draw: draw.randint(0, 3),
    _TYPES.TYPE_FLOAT: number,
    _TYPES.TYPE_INT32: _short,
    _TYPES.TYPE_INT64: whole,
    _TYPES.TYPE_SINT64: whole,
    _TYPES.TYPE_STRING: text,
    _TYPES.TYPE_UINT32: lambda draw: abs(_short(draw)) % 2**32,
    _TYPES.TYPE_UINT64: lambda draw: abs(whole(draw)),
}
