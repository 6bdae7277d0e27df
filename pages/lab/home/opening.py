"""The first figure in the HTML of the page: it is held before Streamlit's front end has started.

`hero.js` draws it there, and takes it to the place of the component once that has come: the same nodes,
the same hand, the same state. Until then the page's question and figure stand where Streamlit will
draw them.
"""

import json
from contextvars import copy_context
from html import escape
from typing import Final

from lab.home.figure import hero_data, question
from lab.home.state import DEFAULT, HomeState
from lab.language.catalogues import speak
from lab.page.colours import COLOURS_CSS
from lab.page.style import sheet
from lab.state.codec import Parts, read
from lab.web.assets import script_address
from lab.web.waiting_room import NEUTRALS_CSS

_STYLE: Final = "\n".join(
    (
        f"html {{ {NEUTRALS_CSS}}}",
        COLOURS_CSS,
        *(
            sheet(name)
            for name in (
                "page/page.css",
                "drag/handle.css",
                "drag/range.css",
                "home/home.css",
                "home/hero.css",
                "home/opening.css",
            )
        ),
    )
)


def opening(language: str, query: Parts) -> str:
    """Return the HTML in which the page begins, in a language and in the state of an address."""
    state, _taken = read(DEFAULT, query)
    return copy_context().run(_html, language, state)


def _html(language: str, state: HomeState) -> str:
    speak(language)
    # Nothing in it ends the element.
    data = json.dumps(hero_data(state)).replace("<", "\\u003c")
    return f"""<div id="lab-opening">
      <style>{_STYLE}</style>
      <script type="application/json">{data}</script>
      <div class="st-key-hero">
        <div><div class="st-key-hero-title"><h1>{escape(question())}</h1></div></div>
        <div><div class="st-key-hero-figure"><div class="lab-hero"></div></div></div>
      </div>
    </div>
    <script type="module" async>
      const opening = document.getElementById("lab-opening");
      import("{script_address("home/hero.js")}")
        .then(({{ open }}) => open(opening))
        .catch(() => opening.remove());
    </script>
  """
