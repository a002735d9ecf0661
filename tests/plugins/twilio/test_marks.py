"""The mark at the end of an SMS: which sending, and that it was read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.twilio.conftest import ANN, NOON
from upheld_twilio.marks import carried, mark, of, quoted, without

TOKEN = "a token"
MARK = mark("page-7", ANN.value, NOON, TOKEN)


def test_a_text_of_ours_tells_which_sending_it_was() -> None:
    assert carried(f"Mail is down.\n#{MARK}") == MARK
    assert MARK.startswith(of("page-7"))
    assert not MARK.startswith(of("page-8"))


@pytest.mark.parametrize("text", ["", "#short", f"#{MARK} and more words", "#UPPERCAS", "x" * 999])
def test_another_text_tells_nothing(text: str) -> None:
    assert carried(text) is None


@pytest.mark.parametrize("quote", [MARK, MARK.upper(), f"#{MARK}", f"ACK 1042 ({MARK})"])
def test_who_quotes_it_got_it(quote: str) -> None:
    assert quoted(quote, ANN.value, NOON, [TOKEN]) == (MARK,)


def test_it_holds_for_its_number_alone() -> None:
    assert quoted(MARK, "+12025550199", NOON, [TOKEN]) == ()


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, True), (2, False), (-1, False)])
def test_it_holds_for_a_day_or_two(days: int, holds: bool) -> None:
    assert bool(quoted(MARK, ANN.value, NOON + timedelta(days=days), [TOKEN])) is holds


def test_it_holds_while_the_token_is_rotated() -> None:
    assert quoted(MARK, ANN.value, NOON, ["new", TOKEN]) == (MARK,)
    assert quoted(MARK, ANN.value, NOON, ["new"]) == ()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8))
def test_a_guess_proves_nothing(guess: str) -> None:
    assert guess == MARK or quoted(guess, ANN.value, NOON, [TOKEN]) == ()


@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    marks = quoted(text, ANN.value, NOON, [TOKEN])
    assert marks == () or MARK in text.lower()


def test_a_mark_is_no_word_of_the_person() -> None:
    assert without(f"ACK 1042 #{MARK.upper()}", (MARK,)) == "ACK 1042"
    assert without("ACK 1042", ()) == "ACK 1042"
