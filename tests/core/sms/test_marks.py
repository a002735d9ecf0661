"""The mark at the end of an SMS: which sending, and that it was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.sms import carried, mark, of, quoted, without

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = "+12025550101"
TOKEN = "a token"
MARK = mark("page-7", ANN, NOON, TOKEN)


def test_a_text_of_ours_tells_which_sending_it_was() -> None:
    assert carried(f"Mail is down.\n#{MARK}") == MARK
    assert MARK.startswith(of("page-7"))
    assert not MARK.startswith(of("page-8"))


@pytest.mark.parametrize("text", ["", "#short", f"#{MARK} and more words", "#UPPERCAS", "x" * 999])
def test_another_text_tells_nothing(text: str) -> None:
    assert carried(text) is None


@pytest.mark.parametrize("quote", [MARK, MARK.upper(), f"#{MARK}", f"ACK 1042 ({MARK})"])
def test_who_quotes_it_got_it(quote: str) -> None:
    assert quoted(quote, ANN, NOON, [TOKEN]) == (MARK,)


def test_it_holds_for_its_number_alone() -> None:
    assert quoted(MARK, "+12025550199", NOON, [TOKEN]) == ()


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, True), (2, False), (-1, False)])
def test_it_holds_for_a_day_or_two(days: int, holds: bool) -> None:
    assert bool(quoted(MARK, ANN, NOON + timedelta(days=days), [TOKEN])) is holds


def test_it_holds_while_the_token_is_rotated() -> None:
    assert quoted(MARK, ANN, NOON, ["new", TOKEN]) == (MARK,)
    assert quoted(MARK, ANN, NOON, ["new"]) == ()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8))
def test_a_guess_proves_nothing(guess: str) -> None:
    assert guess == MARK or quoted(guess, ANN, NOON, [TOKEN]) == ()


@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    marks = quoted(text, ANN, NOON, [TOKEN])
    assert marks == () or MARK in text.lower()


def test_a_mark_is_no_word_of_the_person() -> None:
    assert without(f"ACK 1042 #{MARK.upper()}", (MARK,)) == "ACK 1042"
    assert without("ACK 1042", ()) == "ACK 1042"
