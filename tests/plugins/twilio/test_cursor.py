"""Reading lists again and again: everything once, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.twilio.conftest import ANN, ANNS_PHONE, MESSAGE, NOON
from upheld.plugin import Delivery, Inbound, Message, Receipt
from upheld.testing import SteppedClock
from upheld_twilio.account import Account
from upheld_twilio.adapter import Twilio
from upheld_twilio.cursor import FIRST, Cursor
from upheld_twilio.incoming import Listed
from upheld_twilio.simulator import NUMBER, TwilioSimulator

VALID = timedelta(hours=2)


def pulls(phone: Twilio, cursor: str | None = None) -> Iterator[tuple[Inbound, ...]]:
    while True:
        page = phone.pull(cursor)
        cursor = page.cursor
        yield page.items


def test_what_became_of_a_message_is_found_without_any_callback(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    handle = phone.send(MESSAGE, ANN, "page-7").handle
    turns = pulls(phone)
    next(turns)
    clock.forward(minutes=50)  # far beyond the overlap: it is still waited for
    assert next(turns) == ()
    far.tell(far.sent[0].sid, "undelivered", 30008)
    (receipt,) = next(turns)
    assert isinstance(receipt, Receipt)
    assert (receipt.handle, receipt.state) == (handle, Delivery.FAILED)
    assert next(turns) == ()


def test_a_message_that_waited_long_at_twilio_hides_nothing_behind_it(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    """The list is sorted by sending: what was created long ago may stand before what is new."""
    phone.send(MESSAGE, ANN, "page-7")
    turns = pulls(phone)
    next(turns)
    clock.forward(minutes=30)
    far.write(ANN.value, "Words.")
    far.tell(far.sent[0].sid, "sent")
    items = next(turns)
    assert {type(each) for each in items} == {Message, Receipt}


def test_a_message_without_any_receipt_is_not_waited_for_for_ever(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    phone.send(MESSAGE, ANN, "page-7")
    far.tell(far.sent[0].sid, "sent")
    cursor = phone.pull(None).cursor
    clock.forward(hours=3)
    far.write(ANN.value, "Words.")
    later = Cursor.parse(phone.pull(cursor).cursor, clock.as_datetime())
    assert later.since == clock.as_datetime() - timedelta(minutes=2)


def test_a_call_that_nobody_took(phone: Twilio, far: TwilioSimulator) -> None:
    handle = phone.send(MESSAGE, ANNS_PHONE, "page-7").handle
    turns = pulls(phone)
    next(turns)
    far.tell(far.sent[0].sid, "no-answer")
    (receipt,) = next(turns)
    assert isinstance(receipt, Receipt)
    assert (receipt.handle, receipt.state) == (handle, Delivery.FAILED)


def test_a_long_list_is_read_page_by_page_and_no_further_than_needed(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    for number in range(450):
        far.write(ANN.value, f"Words {number}.")
    page = phone.pull(None)
    texts = [each.text for each in page.items if isinstance(each, Message)]
    assert texts == [f"Words {number}." for number in range(450)]
    clock.forward(hours=1)
    far.write(ANN.value, "New.")
    page = phone.pull(page.cursor)
    before = len(far.requests)
    clock.forward(hours=1)
    assert phone.pull(page.cursor).items == ()
    assert len(far.requests) - before == 4  # until a whole page is older, of four


def test_a_first_reading_goes_a_day_back(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    far.write(ANN.value, "Old.")
    clock.forward(hours=25)
    far.write(ANN.value, "New.")
    texts = [each.text for each in phone.pull(None).items if isinstance(each, Message)]
    assert texts == ["New."]


@pytest.mark.parametrize("text", ["", "[]", "[1, 2]", '["2026-12-01", 5]', '["9999-01-01", []]'])
def test_a_cursor_that_can_not_be_read_begins_anew(text: str) -> None:
    assert Cursor.parse(text, NOON) == Cursor(NOON - FIRST)


@given(st.datetimes(max_value=NOON.replace(tzinfo=None)), st.frozensets(st.text()))
def test_a_cursor_is_read_as_it_was_written(at: datetime, seen: frozenset[str]) -> None:
    written = Cursor(at.replace(tzinfo=UTC), seen)
    assert Cursor.parse(str(written), NOON) == written


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 5)),
        st.tuples(st.just("send"), st.integers(0, 5)),
        st.tuples(st.just("deliver"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(0, 600)),
        st.tuples(st.just("read"), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_everything_is_handed_over_once(steps: list[tuple[str, int]]) -> None:
    account, at, cursor = Account("AC", NUMBER), NOON, Cursor(NOON - FIRST)
    came: list[str] = []
    for what, number in [*steps, ("read", 0)]:
        if what == "wait":
            at += timedelta(seconds=number)
        elif what == "write":
            account.write(ANN.value, "Words.", 0, at)
        elif what == "send":
            account.create("Messages", {"To": [ANN.value], "From": [NUMBER], "Body": ["x"]}, at)
        elif what == "deliver":
            waiting = [each for each in account.items if each.status == "queued"]
            if number < len(waiting):
                account.become(waiting[number].sid, "delivered", at)
        else:
            listed = [Listed.of(raw) for raw in account.listed("Messages", {})]
            came += [each.tag for each in cursor.news(listed)]
            cursor = cursor.after(listed, VALID)
    assert len(came) == len(set(came))
    final = {f"{each.sid}:delivered" for each in account.items if each.status == "delivered"}
    inbound = {each.sid for each in account.items if each.direction == "inbound"}
    assert final | inbound <= set(came)
