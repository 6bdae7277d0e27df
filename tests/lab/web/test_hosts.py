"""The hosts under which the lab answers."""

from collections.abc import Iterator

import pytest
import streamlit as st

from lab.web.hosts import Hosts, check_hosts
from tests.support.asking import PASSED_ON, ask_app, closes_session, passing_on

MISDIRECTED = 421


@pytest.fixture
def allowed_hosts() -> Iterator[None]:
    before = st.get_option("server.allowedHosts")
    st.config.set_option("server.allowedHosts", ["lab.example.org", "*.school.example"])
    yield
    st.config.set_option("server.allowedHosts", before)


@pytest.mark.parametrize("hosts", [(b"lab.test",), (), (b"a", b"b")])
def test_hosts_are_all_answered_by_default(hosts: tuple[bytes, ...]) -> None:
    assert ask_app(Hosts(passing_on), "/losses", hosts=hosts).status == PASSED_ON


@pytest.mark.usefixtures("allowed_hosts")
@pytest.mark.parametrize("host", [b"lab.example.org", b"LAB.example.org:8501", b"a.school.example"])
def test_hosts_that_are_named_are_answered(host: bytes) -> None:
    assert ask_app(Hosts(passing_on), "/losses", hosts=(host,)).status == PASSED_ON


@pytest.mark.usefixtures("allowed_hosts")
@pytest.mark.parametrize(
    "hosts",
    [(b"evil.test",), (), (b"lab.example.org", b"evil.test"), (b"lab.example.org@evil.test",)],
)
def test_hosts_that_are_not_named_are_refused(hosts: tuple[bytes, ...]) -> None:
    for path in ("/", "/losses", "/lab/plotly.js", "/_stcore/host-config"):
        assert ask_app(Hosts(passing_on), path, hosts=hosts).status == MISDIRECTED


@pytest.mark.usefixtures("allowed_hosts")
@pytest.mark.parametrize("path", ["/lab/alive", "/lab/ready", "/_stcore/health"])
def test_health_is_told_under_any_name(path: str) -> None:
    assert ask_app(Hosts(passing_on), path, hosts=(b"127.0.0.1:8501",)).status == PASSED_ON


@pytest.mark.usefixtures("allowed_hosts")
def test_session_of_a_host_that_is_not_named_is_closed() -> None:
    assert closes_session(Hosts, {"headers": [(b"host", b"evil.test")]})


@pytest.mark.usefixtures("allowed_hosts")
def test_hosts_that_are_none_are_refused() -> None:
    for host in (
        "lab.example.org",
        "*.school.example",
        "*",
        "lab_1",
        "192.0.2.1",
        "::1",
        "2001:db8::1",
    ):
        st.config.set_option("server.allowedHosts", [host])
        check_hosts()
    for host in (
        "https://lab.example.org",
        "lab.example.org:8501",
        "cafe:8501",
        "a b",
        "",
        "lab/x",
        "lab..org",
        "-lab.org",
        "läb.org",
        "lab.org\n",
        "[::1]",
    ):
        st.config.set_option("server.allowedHosts", [host])
        with pytest.raises(ValueError, match=r"^server\.allowedHosts must be .{1,60}, got .{1,90}$"):
            check_hosts()
