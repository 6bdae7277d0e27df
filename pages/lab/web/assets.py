"""The lab's icon, and its scripts, which the app serves under an address that their content decides."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from lab.web.plotly_script import FLAT, WHOLE

_FOLDER: Final = Path(__file__).parents[1]
# A file of our own: Streamlit would fetch an icon of its fonts from another host.
ICON: Final = _FOLDER / "web" / "icon.svg"
SCRIPT_FILES: Final = tuple(sorted(_FOLDER.rglob("*.js")))
_CONTENT: Final = b"".join(file.read_bytes() for file in SCRIPT_FILES)

_IMPORT: Final = re.compile(r'\bfrom "(\.{1,2}/[\w./]+\.js)"')

# In the address, so that a browser may keep the files for ever.
_SCRIPT_FOLDER: Final = f"/lab/js-{hashlib.blake2b(_CONTENT, digest_size=6).hexdigest()}"


def script_address(name: str) -> str:
    """Return where the app serves a script, named from `pages/lab`, seen from the browser."""
    return f"{base_address()}{_SCRIPT_FOLDER}/{name}"


def script_name(file: Path) -> str:
    """Return the name of one of `SCRIPT_FILES`, from `pages/lab`."""
    return file.relative_to(_FOLDER).as_posix()


def plotly_address(*, spatial: bool) -> str:
    """Return where the app serves the plotly.js that draws 3-D figures, or the smaller one without."""
    return f"{base_address()}/lab/{WHOLE if spatial else FLAT}"


def imported_scripts(name: str) -> list[str]:
    """Return a script and what it imports, directly or not: a browser learns of one after the other."""
    found = [name]
    for script in found:
        file = _FOLDER / script
        others = _IMPORT.findall(file.read_text(encoding="utf-8"))
        names = [script_name((file.parent / other).resolve()) for other in others]
        found += [other for other in names if other not in found]
    return found


def component_script(name: str) -> str:
    """Return the script of a component that hands over to one of the lab's modules.

    What every message to the browser carries is thus a few lines; the module is fetched once, and
    what it imports (`plotly.js` for the loader and the theme) is shared with other components.
    Where it cannot be fetched, the component's trigger `failed` tells the server.
    """
    return f"""export default async function (component) {{
  let module;
  try {{
    module = await import(new URL("{script_address(name)}", document.baseURI).href);
  }} catch (error) {{
    console.warn("A script of the lab did not load:", error);
    component.setTriggerValue("failed", true);
    return () => {{}};
  }}
  return module.default(component);
}}"""


def register(name: str, *, styled: bool = True) -> Callable[..., Any]:
    """Return the component of a script and, if `styled`, of the style beside it.

    Both are named from `pages/lab`, without an ending: "live/live".
    """
    style = (_FOLDER / f"{name}.css").read_text(encoding="utf-8") if styled else None
    short = name.rpartition("/")[2]
    component: Callable[..., Any] = st.components.v2.component(
        f"lab_{short}",
        html=f'<div class="lab-{short.replace("_", "-")}"></div>',
        css=style,
        js=component_script(f"{name}.js"),
        isolate_styles=False,
    )
    return component


def base_address() -> str:
    """Return the path under which the lab is served, which begins every address; "" for none."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""
