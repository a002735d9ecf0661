"""Who calls, what their JSON says, and what of their text is kept."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Request
from upheld.webhooks import (
    LONGEST,
    header,
    last_line,
    line,
    not_later,
    proven,
    read_json,
    rest,
    same,
)

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRET = "a-secret-of-the-door"


def request(path: str = "", **headers: str) -> Request:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("POST", f"https://upheld.example/in/hooks/feed{path}", (), named, b"", AT)


# --- headers and paths ----------------------------------------------------------------------------


def test_a_header_whatever_its_case() -> None:
    assert header(request(X_Signature="s"), "x-sIGNATURE") == "s"
    assert header(request(), "x-signature") == ""


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", ()),
        ("/", ()),
        ("/a/b", ("a", "b")),
        ("/a//b/", ("a", "b")),
        ("/a%2Fb/c%20d%25", ("a/b", "c d%")),
        ("/a?x=/b", ("a",)),
    ],
)
def test_what_stands_behind_the_connection(path: str, parts: tuple[str, ...]) -> None:
    assert rest(request(path)) == parts


# --- secrets ----------------------------------------------------------------------------------------


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    "came",
    [
        request(authorization=f"Bearer {SECRET}"),
        request(AUTHORIZATION=f"BEARER  {SECRET} "),
        request(authorization=basic(f"somebody:{SECRET}")),
        request(f"/{SECRET}"),
        request(f"/more/{SECRET}/"),
    ],
)
def test_who_bears_a_secret(came: Request) -> None:
    assert proven(came, ["another-secret-here", SECRET])
    assert not proven(came, ["another-secret-here"])
    assert not proven(came, [])


@pytest.mark.parametrize(
    "came",
    [
        request(),
        request(authorization=SECRET),
        request(authorization="Basic %%%"),
        request(authorization=basic(SECRET)),
        request(f"/{SECRET}/more"),
        request(f"?token={SECRET}"),
    ],
)
def test_who_bears_none_where_it_belongs(came: Request) -> None:
    assert not proven(came, [SECRET])


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=3))
def test_the_same_is_the_same_and_nothing_else(given_: str, secrets: list[str]) -> None:
    assert same([given_], secrets) is (given_ in secrets)


def test_every_pair_is_compared_though_the_first_fits() -> None:
    with patch("hmac.compare_digest", side_effect=hmac.compare_digest) as compared:
        assert same([SECRET, "x"], [SECRET, "another-secret-here", "third"])
    assert compared.call_count == 6


# --- JSON -------------------------------------------------------------------------------------------


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_what_is_written_is_read(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


def test_a_mark_of_the_byte_order_and_half_pairs() -> None:
    assert read_json(b'\xef\xbb\xbf{"a\\ud800": ["\\udfff", "\\ud83d\\udca5"]}') == {
        "a?": ["?", "\U0001f4a5"]
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"NaN", b"[Infinity]", b"[" * 300_000, b'{"a":' * 300_000, b"1" * 9999],
    ids=range(8),
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(body)


# --- texts and instants -----------------------------------------------------------------------------


@given(st.text())
def test_a_line_is_one_and_short_and_obeys_nobody(text: str) -> None:
    for shown in (line(text), last_line(text)):
        assert len(shown.splitlines()) <= 1
        assert len(shown) <= LONGEST
        assert shown.isprintable() or not shown.isascii()
        shown.encode()


@given(st.lists(st.sampled_from("abc "), max_size=40).map("".join), st.integers(2, 20))
def test_where_it_is_cut(text: str, most: int) -> None:
    whole = " ".join(text.split())
    if len(whole) <= most and len(text) <= 4 * most:
        assert (line(text, most), last_line(text, most)) == (whole, whole)
    assert whole.startswith(line(text, most).rstrip("…"))
    assert whole.endswith(last_line(text, most).lstrip("…"))


def test_the_end_of_a_log_tells() -> None:
    log = "copying\n" * 1000 + "\x1b[31mdisk full\x1b[0m\n"
    assert last_line(log).endswith("copying [31mdisk full[0m")
    assert line(log).endswith("…")


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_nothing_is_of_later_than_it_came(minutes: int) -> None:
    told = (AT + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=5)))
    taken = not_later(told, request())
    assert (taken, taken.tzinfo) == (min(told, AT), UTC)
