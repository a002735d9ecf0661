"""Message numbers of AR System as errors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from upheld.plugin import Auth, Gone, Misconfigured, Permanent, Retry, Stale, Unknown
from upheld_remedy.errors import Duplicate, failure, messages


def said(number: int, kind: str = "ERROR", text: str = "text", more: str | None = None) -> Any:
    return {
        "messageType": kind,
        "messageText": text,
        "messageAppendedText": more,
        "messageNumber": number,
    }


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (100, Permanent),
        (101, Permanent),
        (302, Gone),
        (303, Misconfigured),
        (306, Permanent),
        (307, Permanent),
        (309, Stale),
        (326, Permanent),
        (329, Misconfigured),
        (331, Misconfigured),
        (382, Duplicate),
        (623, Auth),
        (8932, Retry),
        (9084, Retry),
        (9090, Retry),
        (9093, Retry),
        (48282, Permanent),
        (1291052, Permanent),
    ],
)
def test_a_number_has_its_error(number: int, error: type[Exception]) -> None:
    found = failure(messages([said(number)]), writing=True)
    assert type(found) is error
    assert f"ARERR {number} text" in str(found)
    assert found is not None
    assert found.do_next


@pytest.mark.parametrize("number", [92, 93])
def test_a_timeout_at_the_server_leaves_a_write_open(number: int) -> None:
    assert isinstance(failure(messages([said(number)]), writing=True), Unknown)
    assert isinstance(failure(messages([said(number)]), writing=False), Retry)


def test_a_session_in_use_elsewhere_is_waited_for() -> None:
    found = failure(messages([said(9093)]), writing=True)
    assert isinstance(found, Retry)
    assert found.after == timedelta(minutes=2)
    assert "one of its own" in found.do_next


def test_of_several_the_gravest_counts_and_all_are_told() -> None:
    found = failure(messages([said(48282), said(307, more="Impact"), said(9093)]), writing=True)
    assert isinstance(found, Retry)
    assert [f"ARERR {n}" in found.what for n in (48282, 307, 9093)] == [True] * 3
    assert "Impact" in found.what


def test_warnings_are_no_failure() -> None:
    assert failure(messages([said(52, "WARNING"), said(54, "NOTE")]), writing=True) is None


@pytest.mark.parametrize("kind", ["ERROR", "FATAL", "BAD STATUS", "Error"])
def test_what_is_a_failure(kind: str) -> None:
    assert failure(messages([said(302, kind)]), writing=True) is not None


@pytest.mark.parametrize("body", [None, [], {}, "words", [1, "x"], {"entries": []}, [{"a": 1}]])
def test_what_is_no_message(body: Any) -> None:
    assert messages(body) == ()


def test_a_message_alone_and_one_without_a_number() -> None:
    (alone,) = messages({"messageType": "ERROR", "messageText": None, "messageNumber": "x"})
    assert (alone.number, alone.shown) == (0, "no text")
