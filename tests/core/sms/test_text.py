"""The text of an SMS: what it may hold, and how much."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.sms import CUT, clean, fitted, segments


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # an escape comes before it: two places
        ("€" * 81, 2),
        ("ä" * 160, 1),
        ("א" * 70, 1),
        ("א" * 71, 2),
        ("א" * 134, 2),
        ("💥" * 35, 1),  # two UTF-16 units
        ("💥" * 36, 2),
        ("a" * 70 + "💥", 2),  # one of them halves the room of all
    ],
)
def test_segments(text: str, number: int) -> None:
    assert segments(text) == number


def test_what_word_processors_make_costs_no_room() -> None:
    text = clean("“It’s down” – since 5 o’clock… • now")
    assert text == "\"It's down\" - since 5 o'clock... * now"
    assert segments(text * 4) == 1


@pytest.mark.parametrize("bad", ["\x1b[2J", "\x07", "\u202egnp.exe\u202c", "\u200b", "\ue000"])
def test_what_a_phone_would_obey_is_left_out(bad: str) -> None:
    cleaned = clean(f"a{bad}b")
    assert not [each for each in cleaned if unicodedata.category(each) in {"Cc", "Cf", "Co"}]
    assert (cleaned[0], cleaned[-1]) == ("a", "b")


def test_lines_stay() -> None:
    assert clean("a\r\nb\nc") == "a\nb\nc"


@given(st.text(max_size=3000), st.integers(1, 10))
def test_it_always_fits_with_its_ending(text: str, most: int) -> None:
    sent = fitted(text, most, "\n#k7f3q2ab")
    assert segments(sent) <= most
    assert len(sent) <= 1600
    assert sent.endswith("\n#k7f3q2ab")


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), max_size=2000))
def test_a_text_is_cut_only_where_it_must_be_and_says_so(text: str) -> None:
    sent = fitted(text, 2)
    whole = segments(text) <= 2
    assert (sent == text) is whole
    assert whole or (sent.endswith(CUT) and len(sent) == 306)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
