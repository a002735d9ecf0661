"""Whether a callback comes from Twilio."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_twilio import signature as module
from upheld_twilio.signature import signature, signed

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
#: As Twilio's documentation and its own libraries have it, for the token "12345".
KNOWN = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_example_of_twilios_documentation() -> None:
    assert signature("12345", URL, FORM) == KNOWN
    assert signed(KNOWN, ["12345"], URL, FORM)


def test_parameters_count_in_any_order() -> None:
    assert signature("12345", URL, tuple(reversed(FORM))) == KNOWN


def test_a_name_that_repeats_counts_each_value_once() -> None:
    once, twice = (("A", "2"), ("A", "1")), (("A", "1"), ("A", "2"), ("A", "1"))
    assert signature("t", URL, once) == signature("t", URL, twice)
    assert signature("t", URL, once) != signature("t", URL, (("A", "1"),))


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("https://a.example/x?q=1", "https://a.example:443/x?q=1"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example/x", "http://a.example:80/x"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
    ],
)
def test_the_port_that_goes_without_saying(told: str, seen: str) -> None:
    assert signed(signature("t", seen, FORM), ["t"], told, FORM)


def test_both_tokens_count_while_one_takes_the_others_place() -> None:
    tokens = ["primary", "secondary"]
    assert all(signed(signature(each, URL, FORM), tokens, URL, FORM) for each in tokens)
    assert not signed(signature("third", URL, FORM), tokens, URL, FORM)


@pytest.mark.parametrize("given_", ["", "rubbish", KNOWN[:-1], KNOWN + "=", "\udcff", "ü"])
def test_what_is_no_signature(given_: str) -> None:
    if given_.isprintable():
        assert not signed(given_, ["12345"], URL, FORM)


@given(name=st.text(min_size=1), value=st.text())
def test_any_change_is_seen(name: str, value: str) -> None:
    plain = [each for each in (name, value) if each.isascii()]
    if len(plain) == 2 and (name, value) not in FORM:
        assert not signed(KNOWN, ["12345"], URL, (*FORM, (name, value))) or name + value == ""
    assert not signed(KNOWN, ["12345"], f"{URL}&x=1", FORM)


def test_every_candidate_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return hmac.compare_digest(a, b)

    class Watched:
        new = staticmethod(hmac.new)
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(module, "hmac", Watched)
    assert signed(KNOWN, ["12345", "other"], URL, FORM)
    assert len(compared) == 4  # two tokens, with the port and without: none is left out
