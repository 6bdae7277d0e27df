"""What the page tests read off a page, and how they press a button."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from lab.state.fields import spell
from tests.support.unpacking import captions_of


def text_of(app: AppTest) -> str:
    """Return what the page says, the captions of its figures included."""
    parts = (app.title, app.markdown, app.error, app.warning, app.caption)
    said = [element.value for group in parts for element in group]
    return "\n".join([*said, captions_of(app)])


def markdown_of(app: AppTest) -> str:
    """Return the running text of the page alone."""
    return "\n".join(element.value for element in app.markdown)


def note_ids(app: AppTest) -> list[str]:
    """Return which notes the page shows, in order."""
    (key,) = (box.key for box in app.container if (box.key or "").startswith("noted"))
    assert key is not None
    return key.split()[1:]


def numbers_of(app: AppTest) -> dict[str, float]:
    """Return the table of numbers."""
    table = app.dataframe[0].value
    return dict(zip(table.iloc[:, 0], map(float, table.iloc[:, 1]), strict=True))


def sent_to_hands(app: AppTest, *, with_part: str = "words") -> dict[str, Any]:
    """Return what the page sends to the one component that is moved by hand and has such a part."""
    every = (json.loads(e.proto.json) for e in app.get("bidi_component") if e.proto.json)
    (sent,) = (sent for sent in every if with_part in sent)
    assert isinstance(sent, dict)
    return sent


def press(app: AppTest, label: str) -> None:
    """Click the one button of that label."""
    (button,) = (button for button in app.button if button.label == label)
    button.click().run()


def widget(app: AppTest, field: str) -> Any:
    """Return the widget of a field, as "losses.eps", whichever kind it is."""
    kinds = (
        app.select_slider, app.slider, app.number_input, app.text_input, app.selectbox, app.toggle,
        app.radio, app.button_group, app.button,
    )  # fmt: skip
    named = (one for kind in kinds for one in kind if one.key)
    (found,) = (one for one in named if one.key == field or str(one.key).startswith(f"{field}."))
    return found


def shown(app: AppTest, field: str) -> Any:
    """Return what the widget of a field shows; a slider's stop as a number."""
    found = widget(app, field)
    return float(found.value) if found.type == "select_slider" else found.value


def set_field(app: AppTest, field: str, value: Any) -> None:
    """Set the widget of a field, and run."""
    found = widget(app, field)
    found.set_value(spell(value) if found.type == "select_slider" else value).run()
