"""Ids and plus-addresses: recognised again whatever servers do to them, and by nobody else made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_email.headers import addresses, message_ids
from upheld_email.threads import Tokens, bare_id, digest, subject_tokens

OURS = Tokens(b"k" * 32, "support@magnolia.example")
OTHERS = Tokens(b"x" * 32, "support@magnolia.example")
threads = st.text(min_size=1, max_size=60)


@given(threads)
def test_a_thread_is_found_in_its_message_id(thread: str) -> None:
    name = OURS.message_id(thread, digest("key", "site"))
    assert list(message_ids([name])) == [name]
    assert OURS.thread_in_id(name) == thread


@given(threads)
def test_a_thread_is_found_in_its_plus_address_also_where_case_was_lost(thread: str) -> None:
    address = OURS.plus_address(thread, "d" * 16)
    local = address.partition("@")[0]
    assert addresses(address) == [address]
    assert len(local) <= 64
    if local != "support":  # too long: the bare address
        assert OURS.thread_in_address(address) == thread
        assert OURS.thread_in_address(address.upper()) == thread


def test_what_fits_bears_the_thread_and_what_does_not_is_the_bare_address() -> None:
    assert OURS.plus_address("C7").startswith("support+")
    assert OURS.plus_address("C" * 60) == OURS.address
    assert OURS.plus_address("") == OURS.address


def test_the_envelope_s_address_tells_the_sending_too() -> None:
    assert OURS.plus_address("C7", "abc") != OURS.plus_address("C7", "abd")
    assert OURS.thread_in_address(OURS.plus_address("C7", "abc")) == "C7"


@given(threads)
def test_nobody_makes_one_up_without_the_key(thread: str) -> None:
    assert OURS.thread_in_id(OTHERS.message_id(thread, "d")) is None
    assert OURS.thread_in_address(OTHERS.plus_address(thread)) is None


def test_the_signature_of_one_thread_does_not_open_another() -> None:
    mine, other = OURS.tag("C7").split("."), OURS.tag("C8").split(".")
    assert OURS.thread_in_id(f"<upheld.{mine[0]}.{other[1]}.d@x>") is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "<a@b>",
        "<upheld.@x>",
        "<upheld.im3q@x>",
        f"<upheld.{OURS.tag('C7')[:-1]}.d@x>",
        f"<upheld.{OURS.tag('C7').split('.')[0]}.ünïcode.d@x>",
        f"<upheld.{OURS.tag('C7').split('.')[0]}.\ud800.d@x>",
        "<upheld.ünïcode.x.d@x>",
        f"x<upheld.{OURS.tag('C7')}.d@x>",
    ],
)
def test_what_is_not_ours_has_no_thread(name: str) -> None:
    assert OURS.thread_in_id(name) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for value in (text, f"<upheld.{text}@x>", f"support+{text}@x", f"<upheld.im3q.{text}@x>"):
        assert OURS.thread_in_id(value) is None
        assert OURS.thread_in_address(value) is None


def test_the_same_key_gives_the_same_digest_on_one_site_alone() -> None:
    assert digest("k", "site") == digest("k", "site")
    assert len({digest("k", "site"), digest("k2", "site"), digest("k", "site2")}) == 3


def test_the_key_is_in_no_repr() -> None:
    assert "kkkk" not in repr(OURS)


@pytest.mark.parametrize(
    ("handle", "bare"),
    [("<a@x>", "<a@x>"), ("<a@x>#0f", "<a@x>"), ("sha256:0f", None), ("<a b>", None), ("", None)],
)
def test_the_id_in_a_handle(handle: str, bare: str | None) -> None:
    assert bare_id(handle) == bare


@pytest.mark.parametrize(
    ("subject", "tokens"),
    [
        ("Re: [C7] slow", ("subject:C7",)),
        ("[#1042] x", ("subject:1042",)),
        ("AW: [Case #1042] [M-7] [M-7]", ("subject:1042", "subject:M-7")),
        ("[ticket 12] x", ("subject:12",)),
        ("[EXTERNAL] no number", ()),
        ("1042 without brackets", ()),
        ("[1234567890123]", ()),
        ("[" * 5000, ()),
        ("[" + "#" * 5000, ()),
    ],
)
def test_numbers_in_a_subject(subject: str, tokens: tuple[str, ...]) -> None:
    assert subject_tokens(subject) == tokens
