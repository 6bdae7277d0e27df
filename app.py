"""The lab as an ASGI application: `python app.py`, `streamlit run app.py`, or any ASGI server.

Of these, the first alone reads every option before it serves, and is quiet at Ctrl-C from the start on.
"""

import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# One thread a run: sessions share the cores better than their matrices do. Before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent
for folder in (ROOT / "pages", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if __name__ == "__main__":
    from lab.start.interrupts import end_quietly_at_ctrl_c

    # Before torch is loaded, which takes a while.
    end_quietly_at_ctrl_c()

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from lab.home.opening import opening  # noqa: E402
from lab.language.preference import choose_translation  # noqa: E402
from lab.live.animations import animation_route  # noqa: E402
from lab.page.mishaps import show_mishap  # noqa: E402
from lab.start.warm_up import serving  # noqa: E402
from lab.web.connections import bound_connections  # noqa: E402
from lab.web.doors import Doors  # noqa: E402
from lab.web.error_pages import ErrorPages  # noqa: E402
from lab.web.health import Gate, Readiness  # noqa: E402
from lab.web.hosts import Hosts, check_hosts  # noqa: E402
from lab.web.index_page import Opening  # noqa: E402
from lab.web.limits import Limits  # noqa: E402
from lab.web.old_links import OldLinks  # noqa: E402
from lab.web.options import tell_of_unknown_options  # noqa: E402
from lab.web.page_names import HOME  # noqa: E402
from lab.web.security import Headers, sites_of_environment  # noqa: E402
from lab.web.settings import apply_settings  # noqa: E402
from lab.web.static_files import KeptFiles  # noqa: E402
from lab.web.streamlit_private import (  # noqa: E402
    ask_nobody_for_the_address,
    forget_forged_values,
    keep_one_file_a_session,
    one_run_at_a_time_changes_a_session,
    read_command_line,
)


@contextmanager
def told_in_a_line() -> Iterator[None]:
    """End the start, and not the first visit, with what is wrong about an option."""
    try:
        yield
    except ValueError as error:
        sys.exit(f"app.py: {error}")


if __name__ == "__main__":
    read_command_line(sys.argv[1:])
tell_of_unknown_options()
with told_in_a_line():
    limits, framed_by = Limits.of_environment(), sites_of_environment()

bound_connections(limits)
readiness = Readiness()

app = st.App(
    ROOT / "pages" / "router.py",
    lifespan=serving(readiness),
    on_script_error=show_mishap,
    routes=[animation_route()],
    middleware=[
        Middleware(Headers, framed_by=framed_by),
        Middleware(ErrorPages, choose=choose_translation),
        Middleware(Hosts),
        Middleware(Gate, readiness=readiness),
        Middleware(Doors, limits=limits),
        Middleware(KeptFiles),
        Middleware(OldLinks),
        Middleware(Opening, choose=choose_translation, first={HOME: opening}),
    ],
)

# After the app, which reads the settings anew.
apply_settings(ROOT / ".streamlit" / "config.toml")
with told_in_a_line():
    check_hosts()
ask_nobody_for_the_address()
forget_forged_values()
keep_one_file_a_session()
one_run_at_a_time_changes_a_session()

if __name__ == "__main__":
    # Not `app.run()`, which takes neither options nor STREAMLIT_SERVER_PORT and its like.
    sys.argv = ["streamlit", "run", __file__, *sys.argv[1:]]
    runpy.run_module("streamlit", run_name="__main__")
