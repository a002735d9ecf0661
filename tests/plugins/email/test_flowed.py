"""Lines that were broken for the way alone are whole again (RFC 3676)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_email.flowed import unflowed

URL = "https://logs.acme.example/"


@pytest.mark.parametrize(
    ("flowed", "text"),
    [
        ("This is a long line that \nflows on.\n", "This is a long line that flows on.\n"),
        ("Two lines\nthat do not.\n", "Two lines\nthat do not.\n"),
        ("A paragraph. \n\nAnother.\n", "A paragraph. \nAnother.\n"),
        ("> quoted and \n> broken\nnew\n", "> quoted and broken\nnew\n"),
        ("> quoted \n>> deeper\n", "> quoted \n>> deeper\n"),
        ("Hello \n-- \nPat\n", "Hello \n-- \nPat\n"),
        (" >no quotation\n From the start\n", ">no quotation\nFrom the start\n"),
        ("", ""),
    ],
)
def test_paragraphs_are_as_they_were_written(flowed: str, text: str) -> None:
    assert unflowed(flowed, delsp=False) == text


def test_a_long_address_is_not_cut_in_two() -> None:
    assert unflowed(f"{URL} \nthe/file\n", delsp=True) == f"{URL}the/file\n"


@given(st.text(alphabet="ab >-\n", max_size=60), st.booleans())
def test_no_word_is_lost(text: str, delsp: bool) -> None:
    kept = unflowed(text, delsp=delsp)
    assert [letter for letter in kept if letter in "ab"] == [
        letter for letter in text if letter in "ab"
    ]


def test_a_log_of_which_each_line_flows_on_holds_nobody_up() -> None:
    text = "a line of a log \n" * 400_000
    assert unflowed(text, delsp=False) == "a line of a log " * 400_000
