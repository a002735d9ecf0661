"""Messages become events within PagerDuty's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Address, Channel, Outgoing, Urgency, Withdrawal
from upheld_pagerduty.mapping import (
    DEDUP_KEY,
    SUMMARY,
    dedup_key,
    timestamp,
    trigger,
    withdrawal,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = Address(Channel.PAGE, "PANN001", "Ann Reyes")
MESSAGE = Outgoing("page-7", "M-2041: mail is down", "Since noon.", Urgency.HIGH)


def event(message: Outgoing = MESSAGE, to: Address = ANN) -> dict[str, Any]:
    return trigger(message, to, source="magnolia-prod", client="Upheld", at=NOON)


def test_a_page_is_a_trigger() -> None:
    assert event() == {
        "event_action": "trigger",
        "dedup_key": "page-7",
        "client": "Upheld",
        "payload": {
            "summary": "M-2041: mail is down",
            "source": "magnolia-prod",
            "severity": "critical",
            "timestamp": "2026-12-01T12:00:00.000Z",
            "custom_details": {"for": "Ann Reyes", "text": "Since noon."},
        },
    }


def test_what_wakes_nobody_is_a_warning() -> None:
    low = event(replace(MESSAGE, urgency=Urgency.LOW))
    assert low["payload"]["severity"] == "warning"


def test_a_link_leads_to_the_case() -> None:
    linked = event(replace(MESSAGE, url="https://upheld.example/M-2041"))
    assert linked["client_url"] == "https://upheld.example/M-2041"
    assert linked["links"][0]["href"] == "https://upheld.example/M-2041"


def test_the_person_is_named_by_address_where_there_is_no_name() -> None:
    details = event(to=Address(Channel.PAGE, "PANN001"))["payload"]["custom_details"]
    assert details["for"] == "PANN001"


def test_how_long_it_matters_is_told() -> None:
    until = event(replace(MESSAGE, valid_until=NOON + timedelta(hours=2)))
    details = until["payload"]["custom_details"]
    assert details["valid until"] == "2026-12-01T14:00:00.000Z"


def test_a_subject_of_several_lines_is_one_line() -> None:
    assert event(replace(MESSAGE, subject="a\r\n b\tc"))["payload"]["summary"] == "a b c"


def test_an_empty_subject_is_still_a_summary() -> None:
    assert event(replace(MESSAGE, subject=" \n"))["payload"]["summary"] == "(no subject)"


def test_a_long_text_is_cut_and_says_so() -> None:
    text = event(replace(MESSAGE, text="x" * 1_000_000))["payload"]["custom_details"]["text"]
    assert len(text) == 20_000
    assert text.endswith("…")


@given(st.text(max_size=3 * SUMMARY))
def test_every_summary_keeps_the_limit(subject: str) -> None:
    summary = event(replace(MESSAGE, subject=subject))["payload"]["summary"]
    assert 1 <= len(summary) <= SUMMARY


@given(st.text(max_size=DEDUP_KEY))
def test_a_thread_that_fits_is_the_dedup_key(thread: str) -> None:
    assert dedup_key(thread) == thread


@given(st.text(min_size=DEDUP_KEY + 1, max_size=2 * DEDUP_KEY))
def test_a_thread_that_is_too_long_keeps_the_limit(thread: str) -> None:
    assert len(dedup_key(thread)) == DEDUP_KEY
    assert dedup_key(thread) == dedup_key(str(thread))


def test_long_threads_with_one_beginning_stay_apart() -> None:
    assert dedup_key("x" * 300 + "1") != dedup_key("x" * 300 + "2")


@pytest.mark.parametrize(
    ("why", "action"),
    [
        (Withdrawal.WORKED, "acknowledge"),
        (Withdrawal.SUPERSEDED, "resolve"),
        (Withdrawal.CLOSED, "resolve"),
    ],
)
def test_a_withdrawal_stands_people_down(why: Withdrawal, action: str) -> None:
    assert withdrawal("page-7", why) == {"event_action": action, "dedup_key": "page-7"}


def test_a_long_thread_is_withdrawn_under_the_same_key() -> None:
    thread = "page-" * 100
    sent = event(replace(MESSAGE, thread=thread))["dedup_key"]
    assert withdrawal(thread, Withdrawal.CLOSED)["dedup_key"] == sent


def test_times_are_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert timestamp(datetime(2026, 12, 1, 13, tzinfo=berlin)) == "2026-12-01T12:00:00.000Z"
