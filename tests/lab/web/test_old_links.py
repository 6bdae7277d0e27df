"""Old links: each name and value becomes the present one; all else stays, and no other host is met."""

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from lab.web.old_links import RENAMED, OldLinks, Part, renew, renew_query
from lab.web.page_names import LABS
from tests.support.asking import PASSED_ON, Answer, ask_app, passing_on

# Every old name and value with its new one: written out, so that the table cannot change unseen.
REWRITTEN = [
    ("softmax", "scrub=x", "along=x"),
    ("losses", "scrub=eps", "along=eps"),
    ("gradient", "start=1,2&y=2&draw=3", "a=1,2&target=2&seed=3"),
    ("gradient", "scrub=x&rate=2&steps=9&step=3&y=1", "along=x&rate=2&steps=9&step=3&target=1"),
    ("stability", "logits=5,0&target_class=2&arithmetic=float16", "a=5,0&target=2&dtype=float16"),
    ("stability", "scrub=x&formula=naive&step=first", "along=x&formula=naive"),
    ("stability", "logits=1,0&step=4", "a=1,0&step=4"),
    ("transport", "epsilon=0.1&iterations=4&rows=6&columns=5", "eps=0.1&n_iter=4&n=6&m=5"),
    ("transport", "power=2&draw=7&x=00zz&y=zz00", "cost_exponent=2&seed=7&x=00zz&y=zz00"),
    ("transport", "along=epsilon", "along=eps"),
    ("transport", "along=iterations", "along=n_iter"),
    ("transport", "scrub=epsilon", "along=eps"),
    ("transport", "along=none&rows=4", "along=none&n=4"),
]
# On one page or another, and none of them old there.
KEPT = [
    ("softmax", "a=1,2&temperature=2&target=1&epsilon=1&draw=2&start=3"),
    ("losses", "eps=1&n_iter=2&n=3&m=4&seed=5&epsilon=6&rows=7"),
    ("gradient", "a=1,2&target=2&step=first&along=epsilon"),
    ("stability", "a=5,0&target=2&y=3&step=last&along=epsilon"),
    ("transport", "eps=1&n_iter=2&n=3&m=4&x=&y=&along=n_iter&step=first"),
    ("transport", ""),
    ("transport", "&&"),
    ("transport", "Epsilon=1&epsilon%20=2&=epsilon"),
]
TWICE = [
    "epsilon=1&eps=2",
    "eps=2&epsilon=1",
    "epsilon=1&epsilon=1",
    "along=epsilon&along=iterations",
    "scrub=epsilon&along=none",
    "%65psilon=1&epsilon=2",
]
UNTOUCHED = ["%C3%A9+%20", "%", "%zz", "a=b=c", "a%26b", "%0D%0A", "//evil.test/?a", "[1]|^`{}"]

pieces = st.sampled_from(
    [*"&&==+%", "%65", *{name for page in RENAMED.values() for name in page.names}, "eps", "first"]
)
queries = st.lists(pieces | st.binary(max_size=4).map(lambda raw: raw.decode("latin-1")), max_size=12)


def ask(path: str, query: str | bytes, *, method: str = "GET") -> Answer:
    raw = query if isinstance(query, bytes) else query.encode("ascii")
    return ask_app(OldLinks(passing_on), path, query=raw, method=method)


@pytest.mark.parametrize(("page", "old", "new"), REWRITTEN)
def test_an_old_link_is_redirected_to_its_new_form(page: str, old: str, new: str) -> None:
    for method in ("GET", "HEAD"):
        answer = ask(f"/{page}", old, method=method)
        assert answer.status == 307
        assert answer.headers["location"] == f"{page}?{new}"
        assert answer.headers["cache-control"] == "no-cache"
    # One redirect is all.
    assert ask(f"/{page}", new).status == PASSED_ON


@pytest.mark.parametrize(("page", "query"), KEPT)
def test_a_present_link_is_passed_on(page: str, query: str) -> None:
    assert ask(f"/{page}", query).status == PASSED_ON


@pytest.mark.parametrize("query", TWICE)
def test_what_a_link_says_twice_is_left_for_the_page_to_name(query: str) -> None:
    assert ask("/transport", query).status == PASSED_ON
    assert ask("/transport", f"rows=4&{query}").headers["location"] == f"transport?n=4&{query}"


@pytest.mark.parametrize("value", UNTOUCHED)
def test_values_and_unknown_parts_are_not_touched(value: str) -> None:
    answer = ask("/transport", f"{value}&epsilon={value}&unknown={value}&embed=true&&rows")
    assert answer.headers["location"] == (
        f"transport?{value}&eps={value}&unknown={value}&embed=true&&n"
    )


def test_an_encoded_name_or_value_is_read() -> None:
    assert ask("/transport", "%65psilon=1%2E0").headers["location"] == "transport?eps=1%2E0"
    assert ask("/transport", "along=e%70silon").headers["location"] == "transport?along=eps"


def test_a_link_of_which_nothing_is_left_has_no_query() -> None:
    assert ask("/stability", "step=first").headers["location"] == "stability"
    assert ask("/stability", "step=first&step=first").status == PASSED_ON


def test_a_slash_at_the_end_is_taken_off_at_once() -> None:
    location = ask("/transport/", "rows=4").headers["location"]
    assert urljoin("http://lab.test/transport/?rows=4", location) == "http://lab.test/transport?n=4"


def test_below_a_path_only_pages_there_are_the_labs(served_at_a_path: None) -> None:
    asked = "/teaching/lab/transport"
    location = ask(asked, "rows=4").headers["location"]
    assert urljoin(f"http://lab.test{asked}", location) == f"http://lab.test{asked}?n=4"
    assert ask("/transport", "rows=4").status == PASSED_ON


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/home",
        "//evil.test/transport",
        "//transport",
        "/\\evil.test/transport",
        "/transport//",
        "/transport/x",
        "/_stcore/health",
        "/_stcore/host-config",
        "/transport/_stcore/health",
        "/media/transport",
        "/static/js/transport",
    ],
)
def test_all_other_addresses_are_passed_on(path: str) -> None:
    assert ask(path, "epsilon=1&scrub=x").status == PASSED_ON


def test_what_is_no_question_for_a_page_is_passed_on() -> None:
    for method in ("POST", "OPTIONS", "PUT"):
        assert ask("/transport", "epsilon=1", method=method).status == PASSED_ON


def test_a_websocket_is_passed_on() -> None:
    seen: list[Scope] = []
    asked = {"type": "websocket", "path": "/transport", "query_string": b"epsilon=1"}

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await passing_on(scope, receive, send)

    async def connecting(_scope: Scope, receive: Receive, send: Send) -> None:
        await OldLinks(inner)(asked, receive, send)

    ask_app(connecting, "/transport")
    assert seen == [asked]


def test_a_link_longer_than_any_state_is_passed_on() -> None:
    assert ask("/transport", "epsilon=" + "1" * 8184).status == 307
    assert ask("/transport", "epsilon=" + "1" * 8185).status == PASSED_ON


def test_nothing_gets_out_of_the_header() -> None:
    answer = ask("/transport", b"epsilon=1\r\nSet-Cookie: a=b\x00\xe9 <\">'#f")
    assert answer.headers["location"] == (
        "transport?eps=1%0D%0ASet-Cookie:%20a=b%00%E9%20%3C%22%3E%27%23f"
    )
    assert "set-cookie" not in answer.headers


@given(page=st.sampled_from(LABS), query=queries.map("".join))
def test_any_link_leads_to_the_same_page_at_most_once(page: str, query: str) -> None:
    raw = query.encode("latin-1")
    answer = ask(f"/{page}", raw)
    assert (answer.status == PASSED_ON) == (renew_query(page, raw) == raw)
    if answer.status != PASSED_ON:
        location = answer.headers["location"]
        assert location.isascii()
        assert location.isprintable()
        there = urlsplit(urljoin(f"http://lab.test/{page}", location))
        assert (there.scheme, there.netloc, there.path) == ("http", "lab.test", f"/{page}")
        assert ask(there.path, there.query).status == PASSED_ON


@pytest.mark.parametrize("page", RENAMED)
def test_no_new_name_or_value_is_an_old_one(page: str) -> None:
    names, values = RENAMED[page].names, RENAMED[page].values
    assert not set(names) & set(names.values())
    assert not {(name, value) for (name, _old), value in values.items()} & set(values)
    for text in (*names.values(), *filter(None, values.values())):
        assert text.replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("parts", "new"),
    [
        ([("rows", "4"), ("along", "epsilon")], [("n", "4"), ("along", "eps")]),
        ([("rows", "4"), ("n", "5")], [("rows", "4"), ("n", "5")]),
    ],
)
def test_renew_serves_those_who_have_the_parts_decoded(
    parts: Sequence[Part], new: Sequence[Part]
) -> None:
    assert renew("transport", parts) == new
    assert renew("stability", [("step", "first"), *parts]) == [None, *parts]
    assert renew("", parts) == parts
