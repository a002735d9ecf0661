"""What IMAP servers answer, in the ways in which they may say it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_email.answers import Envelope, envelopes, groups, internal_date, mails, number

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_envelopes_come_in_the_order_of_their_uids() -> None:
    lines = [
        b'2 (UID 9 RFC822.SIZE 200 INTERNALDATE " 1-Dec-2026 13:00:00 +0100")',
        b'1 (INTERNALDATE "01-Dec-2026 12:00:00 +0000" RFC822.SIZE 100 UID 7)',
    ]
    assert envelopes(lines) == [Envelope(7, 100, AT), Envelope(9, 200, AT)]


def test_news_of_flags_between_the_answers_is_passed_over() -> None:
    assert envelopes([rb"1 (FLAGS (\Seen) UID 7)", None, (b"1 (UID 7", b"x")]) == []
    assert mails([rb"1 (FLAGS (\Seen) UID 7)", None, b")"]) == {}


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (b'" 1-Dec-2026 12:00:00 +0000"', AT),
        (b'"01-DEC-2026 07:00:00 -0500"', AT),
        (b'"31-Dec-2016 23:59:60 +0000"', datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b'" 1-Foo-2026 12:00:00 +0000"', None),
        (b'"31-Feb-2026 12:00:00 +0000"', None),
        (b'" 1-Dec-0000 12:00:00 +0000"', None),
        (b'" 1-Jan-0001 00:00:00 +1400"', None),
        (b'" 1-Dec-2026 12:00:00 +9900"', None),
        (b'""', None),
        (b"NIL", None),
    ],
)
def test_when_the_server_got_it_where_that_is_an_instant(said: bytes, at: datetime | None) -> None:
    assert internal_date(b"1 (UID 7 INTERNALDATE " + said + b")") == at


@pytest.mark.parametrize(
    "answers",
    [
        [(b"1 (UID 7 BODY[] {5}", b"hello"), b")"],
        [(b"1 (BODY[] {5}", b"hello"), b" UID 7)"],
        [(b"1 (BODY[] {5}", b"hello"), rb" UID 7 FLAGS (\Seen))"],
        [(b"1 (UID 7 BODY[]<0> {5}", b"hello"), b")"],
        [b'1 (UID 7 BODY[] "hello")'],
        [b'1 (BODY[] "hello" UID 7)'],
        [b'1 (UID 7 BODY[] "h\\ello")'],
    ],
)
def test_a_text_is_found_wherever_the_uid_stands(answers: list[object]) -> None:
    assert mails(answers) == {7: b"hello"}


@pytest.mark.parametrize("said", [b"NIL", b'""', b"<0> NIL"])
def test_a_mail_without_a_text_is_an_empty_one_and_not_gone(said: bytes) -> None:
    joined = b"BODY[]" + (said if said.startswith(b"<") else b" " + said)
    assert mails([b"1 (UID 7 " + joined + b")"]) == {7: b""}


def test_a_literal_that_ended_with_the_connection_is_no_mail() -> None:
    whole, cut = (b"1 (UID 7 BODY[] {5}", b"hello"), (b"2 (UID 8 BODY[] {5}", b"he")
    assert mails([whole, b")", cut]) == {7: b"hello"}


def test_a_uid_inside_a_mail_is_none() -> None:
    assert mails([(b"1 (BODY[] {6}", b"UID 99"), b")"]) == {}


def test_a_mail_whose_size_nobody_knows_or_that_is_too_big_stands_alone() -> None:
    mails_of = [Envelope(uid, size, None) for uid, size in enumerate((1, 1, 0, 0, 1, 9, 1, 1))]
    found = [[each.size for each in group] for group in groups(mails_of, 8, 8)]
    assert found == [[1, 1], [0], [0], [1], [9], [1, 1]]


def test_numbers() -> None:
    assert [number(each) for each in (None, [], [None], [b"x"], [b"1", b"12"])] == [0, 0, 0, 0, 12]


pieces = st.sampled_from(
    [
        b"UID 7",
        b"BODY[]",
        b" {3}",
        b"abc",
        b"NIL",
        b'"',
        b"(",
        b")",
        b"\\",
        b"RFC822.SIZE 1",
        b"INTERNALDATE",
    ]
)
lines = st.lists(pieces, max_size=6).map(b" ".join)


@given(st.lists(lines | st.tuples(lines, lines) | st.none(), max_size=5))
def test_no_answer_raises(answers: list[object]) -> None:
    assert set(mails(answers)) <= {7}
    assert {envelope.uid for envelope in envelopes(answers)} <= {7}
