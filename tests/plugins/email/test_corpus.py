"""Each mail of the corpus has its fate; whatever is done to one, reading it raises nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.email.conftest import NOON
from tests.plugins.email.corpus import CASES, OUR, TOKENS, Case
from tests.plugins.email.fuzz import mutated
from upheld.plugin import Message, Refused
from upheld_email.classify import Around
from upheld_email.mapping import Reader, unread_id

READER = Reader(
    tokens=TOKENS,
    around=Around(frozenset({OUR}), "stage"),
    authserv_id="mx.magnolia.example",
    max_parts=50,
    max_depth=10,
)
TAKEN = [case for case in CASES if case.refused is None]
REFUSED = [case for case in CASES if case.refused is not None]


def name(case: Case) -> str:
    return case.name


def read(case: Case) -> Message:
    message = READER.read(case.raw, NOON)
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("case", TAKEN, ids=name)
def test_what_it_is_and_who_wrote_it(case: Case) -> None:
    message = read(case)
    assert message.nature is case.nature
    assert message.at == NOON
    assert message.by.id == (case.sender or "pat@acme.example")
    assert message.by.addresses == (message.by.id,)
    assert message.raw == case.raw
    assert not message.verified


@pytest.mark.parametrize("case", [case for case in TAKEN if case.text is not None], ids=name)
def test_what_it_says(case: Case) -> None:
    assert case.text is not None
    assert read(case).text.startswith(case.text)


@pytest.mark.parametrize("case", [case for case in TAKEN if case.subject is not None], ids=name)
def test_what_it_is_about(case: Case) -> None:
    assert read(case).subject == case.subject


@pytest.mark.parametrize("case", TAKEN, ids=name)
def test_which_conversation_it_belongs_to(case: Case) -> None:
    thread = read(case).thread
    assert thread[: len(case.thread)] == case.thread
    assert case.thread or thread == ()


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_what_can_not_be_taken_is_refused_with_the_reason_and_kept(case: Case) -> None:
    refused = READER.read(case.raw, NOON)
    assert isinstance(refused, Refused)
    assert case.refused is not None
    assert case.refused in refused.reason
    assert refused.raw == case.raw
    # A mail that can be taken may come under the same Message-ID: that one must not be a repeat.
    assert refused.id == unread_id(case.raw)


def test_scripts_and_styles_are_no_text() -> None:
    html = next(case for case in CASES if case.name == "outlook html")
    assert "alert" not in read(html).text
    assert "color" not in read(html).text


def test_a_mail_within_a_mail_is_a_file_and_not_the_text() -> None:
    message = read(next(case for case in CASES if case.name == "forward"))
    assert "Inner words" not in message.text
    (inner,) = message.attachments
    assert inner.media_type == "message/rfc822"
    assert b"Inner words" in inner.open().read()


# --- whatever is done to a mail ---


def sound(data: bytes) -> None:
    """A message or a refusal comes of it, and nothing that a database would not take."""
    found = READER.read(data, NOON)
    if isinstance(found, Message):
        for value in (
            found.id,
            found.by.id,
            found.by.name,
            found.subject,
            found.text,
            *found.thread,
        ):
            assert "\0" not in value
            value.encode()
        assert not any("\n" in value for value in (found.id, found.by.id, found.subject))
        assert all(file.open().read() is not None for file in found.attachments)
    else:
        assert found.reason
        assert "can't be read" not in found.reason
        assert found.raw == data


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CASES), st.integers(0, 2**32))
def test_no_mutated_mail_raises(case: Case, seed: int) -> None:
    sound(mutated(case.raw, seed, [each.raw for each in CASES]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    sound(b"From: pat@acme.example\r\n" + data)
