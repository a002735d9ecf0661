"""A message as an SMS."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Answer, Attachment, Does, Outgoing, Permanent
from upheld.sms import E164, body, number, seconds_left, segments

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MARK = "k7f3q2ab"
MESSAGE = Outgoing("case:1042", "Sev 1 1042 Acme: mail is down", "Since noon.")
ANSWERS = (Answer("ACK", Does.ACKNOWLEDGE, "1042"), Answer("1", Does.ESCALATE))


def test_what_how_to_answer_where_to_look_and_the_mark() -> None:
    file = Attachment("", "log.txt", "text/plain", 1, lambda: BytesIO(b"x"))
    whole = replace(MESSAGE, answers=ANSWERS, url="https://desk.example/1", attachments=(file,))
    assert body(whole, MARK, 4).splitlines() == [
        "Sev 1 1042 Acme: mail is down",
        "Since noon.",
        "Files: log.txt",
        "Reply ACK 1042: acknowledge",  # a key is no answer to an SMS
        "https://desk.example/1",
        f"#{MARK}",
    ]


@pytest.mark.parametrize("does", Does)
def test_every_answer_has_its_words(does: Does) -> None:
    said = body(replace(MESSAGE, answers=(Answer("WORD", does),)), MARK, 4)
    assert re.search(r"^Reply WORD: \w", said, re.MULTILINE)


@given(st.text(max_size=3000), st.text(max_size=200), st.integers(2, 10))
def test_it_fits_and_ends_with_its_mark_whatever_it_says(
    text: str, subject: str, most: int
) -> None:
    said = body(replace(MESSAGE, text=text, subject=subject, answers=ANSWERS), MARK, most)
    assert segments(said) <= most
    assert said.endswith(f"Reply ACK 1042: acknowledge\n#{MARK}")


def test_nothing_at_all_is_its_mark() -> None:
    assert body(Outgoing("t", "", ""), MARK, 1) == f"#{MARK}"


@pytest.mark.parametrize("written", ["+1 (202) 555-0101", "+1.202.555/0101", " +12025550101 "])
def test_a_number_as_people_write_it(written: str) -> None:
    assert number(written) == "+12025550101"


@given(st.text())
def test_what_comes_through_is_a_number(written: str) -> None:
    with suppress(Permanent):
        assert re.fullmatch(E164, number(written))


@pytest.mark.parametrize("written", ["", "ann", "2025550101", "+0123456789", "+1202555010x"])
def test_what_is_no_number_is_told(written: str) -> None:
    with pytest.raises(Permanent, match="international form") as raised:
        number(written)
    assert raised.value.do_next


@pytest.mark.parametrize(("left", "seconds"), [(None, 3600), (600, 600), (0.2, 1), (9000, 3600)])
def test_how_long_it_may_be_tried(left: float | None, seconds: int) -> None:
    until = None if left is None else NOON + timedelta(seconds=left)
    assert seconds_left(replace(MESSAGE, valid_until=until), NOON, 3600) == seconds


@pytest.mark.parametrize("late", [0, 1, 86_400])
def test_what_is_over_is_not_tried(late: int) -> None:
    over = replace(MESSAGE, valid_until=NOON - timedelta(seconds=late))
    with pytest.raises(Permanent, match="its time was over"):
        seconds_left(over, NOON, 3600)
