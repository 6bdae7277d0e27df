"""The lab below a path, behind a real nginx with the configuration that the documentation gives."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.browser import ROOT, free_port, start_server, wait_for_health
from tests.support.browsing import address_has, open_lab, reach

NGINX = shutil.which("nginx")
PATIENCE = 60

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]


@pytest.fixture
def behind_nginx(tmp_path: Path) -> Iterator[str]:
    """Return the address of the lab behind nginx."""
    lab, front = free_port(), free_port()
    written = (ROOT / "deploy" / "nginx.conf").read_text()
    site = written.replace("127.0.0.1:8501", f"127.0.0.1:{lab}")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{front};")
    assert site.count(str(front)) == site.count(str(lab)) == 1
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\n"
        f"access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
        f"include {tmp_path}/site.conf;\n}}\n"
    )
    arguments = [str(ROOT / "app.py"), "--server.baseUrlPath", "teaching/lab"]
    server = start_server(
        arguments, port=lab, log=tmp_path / "lab.log", folder=ROOT, below="/teaching/lab"
    )
    proxy = subprocess.Popen(
        [str(NGINX), "-p", str(tmp_path), "-c", "nginx.conf", "-g", "daemon off;"], env=os.environ
    )
    address = f"http://127.0.0.1:{front}/teaching/lab"
    try:
        wait_for_health(proxy, address, tmp_path / "error.log")
        yield address
    finally:
        for process in (proxy, server):
            process.terminate()
            process.wait(PATIENCE)


def test_lab_works_below_a_path_behind_nginx(behind_nginx: str, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    open_lab(page, f"{behind_nginx}/losses?n=32&m=16&trials=8")
    reach(page)
    page.get_by_test_id("scrub").press("End")
    address_has(page, "logit_scale=1024")
    assert re.fullmatch(rf"{behind_nginx}/losses\?.*", page.url)
    page.locator(".st-key-nav").get_by_role("link", name="Transport").click()
    expect(page).to_have_title("Transport · Cross-Entropy Lab")
    # The title is there before the history has the page.
    page.wait_for_url("**/transport")
    page.go_back()
    address_has(page, "logit_scale=1024")
    assert errors == []
    page.context.close()
