"""The door for files: who may send one, how many, and how many bytes are kept."""

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from lab.web import streamlit_private
from lab.web.doors import Doors
from lab.web.limits import Limits
from lab.web.uploads import UPLOADS, Uploads
from tests.support.asking import PASSED_ON, ask_app, passing_on, run_apart

FILE = f"{UPLOADS}/0a1b/0f-1e"


@pytest.fixture(autouse=True)
def five_megabytes() -> None:
    st.config.set_option("server.maxUploadSize", 5)


def doors(*, megabytes: float = 100, held: int = 0) -> Doors:
    """Return doors behind which one session is open, and files lie."""
    made = Doors(passing_on, Limits(file_megabytes=megabytes))
    made.uploads.is_open = lambda name: name == "0a1b"
    made.uploads.held = lambda: held
    return made


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_file_of_an_open_session_is_passed_on(method: str) -> None:
    assert ask_app(doors(), FILE, method=method).status == PASSED_ON


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (f"{UPLOADS}/ffff/0f-1e", "PUT"),
        (f"{UPLOADS}/0a1b", "PUT"),
        (f"{UPLOADS}/0a1b/", "PUT"),
        (f"{UPLOADS}/0a1b/0f/1e", "PUT"),
        (f"{UPLOADS}/0a1b/" + "f" * 65, "PUT"),
        (f"{UPLOADS}/0a1b/../x", "PUT"),
        (f"{UPLOADS}/0a1b/zz", "PUT"),
        (UPLOADS, "PUT"),
        (FILE, "GET"),
        (FILE, "POST"),
        (FILE, "OPTIONS"),
        (FILE + "\n", "PUT"),
    ],
)
def test_what_is_no_file_of_an_open_session_is_not_found(path: str, method: str) -> None:
    assert ask_app(doors(), path, method=method).status == 404


def test_files_together_have_so_many_bytes() -> None:
    assert ask_app(doors(megabytes=10, held=5 * 2**20), FILE, method="PUT").status == PASSED_ON
    full = doors(megabytes=10, held=5 * 2**20 + 1)
    assert ask_app(full, FILE, method="PUT").status == 503
    assert ask_app(full, FILE, method="DELETE").status == PASSED_ON


def test_a_session_sends_one_file_at_a_time_and_those_under_way_count() -> None:
    statuses: list[int] = []

    async def ask(session: str) -> None:
        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {"type": "http", "method": "PUT", "path": "", "headers": []}
        await uploads(scope, receive, send, inside=f"{UPLOADS}/{session}/0f")

    async def receive() -> Message:
        return {"type": "http.request"}

    async def while_others_ask(_scope: Scope, _receive: Receive, _send: Send) -> None:
        uploads.inner = passing_on
        for session in ("aa", "bb"):
            await ask(session)
        uploads.limits = Limits(file_megabytes=9)
        await ask("cc")

    limits = Limits(file_megabytes=10)
    uploads = Uploads(while_others_ask, limits, is_open=lambda _name: True, held=lambda: 0)
    run_apart(ask("aa"))
    assert statuses == [429, PASSED_ON, 503]
    assert not uploads.coming.total()


def test_a_session_keeps_its_last_file_and_one_that_has_gone_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone: set[str] = set()
    monkeypatch.setattr(streamlit_private, "is_open_session", lambda name: name not in gone)
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", streamlit_private._add_alone)
    manager = MemoryUploadedFileManager(UPLOADS)
    for name in ("1", "2"):
        manager.add_file("a", UploadedFileRec(name, "x.csv", "text/csv", b"12345"))
    assert [file.file_id for file in manager.get_files("a", ["1", "2"])] == ["2"]
    monkeypatch.setattr(
        streamlit_private, "get_runtime", lambda: type("R", (), {"uploaded_file_mgr": manager})
    )
    assert streamlit_private.bytes_of_files() == 5
    gone.add("b")
    manager.add_file("b", UploadedFileRec("3", "x.csv", "text/csv", b"12345"))
    assert not manager.get_files("b", ["3"])
    manager.remove_session_files("a")
    assert streamlit_private.bytes_of_files() == 0
