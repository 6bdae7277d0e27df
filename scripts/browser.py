"""A served lab and a headless Chromium, for the browser tests and for screenshots."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_SECONDS: Final = 90


@contextmanager
def served_lab(*, log: Path, folder: Path = ROOT) -> Iterator[str]:
    """Serve the lab on a free port of this machine; yield its address, then end that process."""
    with _served([str(ROOT / "app.py")], log=log, folder=folder) as address:
        yield address


@contextmanager
def served_page(script: Path, *, log: Path, folder: Path) -> Iterator[str]:
    """Serve one Streamlit script as Streamlit does by itself, like `served_lab`."""
    with _served(["-m", "streamlit", "run", str(script)], log=log, folder=folder) as address:
        yield address


@contextmanager
def _served(arguments: list[str], *, log: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    server = start_server(arguments, port=port, log=log, folder=folder)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start_lab(*, port: int, log: Path, folder: Path = ROOT) -> subprocess.Popen[bytes]:
    """Serve the lab on a port, and return the process once it answers: the caller ends it."""
    return start_server([str(ROOT / "app.py")], port=port, log=log, folder=folder)


def start_server(
    arguments: list[str],
    *,
    port: int,
    log: Path,
    folder: Path,
    below: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[bytes]:
    """Start a server of Streamlit, and return the process once it answers, `below` a path or none.

    `variables` are those of its environment that are its own.
    """
    settings = {
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **settings, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_health(server, f"http://127.0.0.1:{port}{below}", log)
    except RuntimeError:
        server.kill()
        raise
    return server


def wait_for_health(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until what a server process serves at an address is healthy."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended by itself:\n{log.read_text(errors='replace')}")
        try:
            with urlopen(f"{address}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"no answer in {_START_SECONDS} s:\n{log.read_text(errors='replace')}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's own Chromium, headless."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        raise RuntimeError(f"no browser: install one of {', '.join(names)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Wait until the server has run and every chart is drawn, those out of sight too."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    page.wait_for_function(
        """() => [...document.querySelectorAll("[class*='st-key-grid-']")]
                   .every(grid => grid.querySelector(".lab-figures[data-late='false']"))
              && [...document.querySelectorAll('.lab-card')]
                   .every(card => card.querySelector('[data-drawn] .main-svg'))"""
    )
