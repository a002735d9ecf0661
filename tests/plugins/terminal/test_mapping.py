"""Messages as blocks that people read and a terminal does not obey."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Address, Answer, Attachment, Channel, Does, Outgoing, Urgency
from upheld_terminal.mapping import block, plain

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = Address(Channel.MAIL, "ann@magnolia.example", "Ann Reyes")
MESSAGE = Outgoing("case-7", "M-2041: mail is down", "Since noon.\n\nWe work on it.")


def shown(message: Outgoing = MESSAGE, to: Address = ANN, width: int = 60) -> str:
    return block(message, to, NOON, width)


def test_a_block_is_framed() -> None:
    assert shown() == (
        "+--- MAIL to Ann Reyes <ann@magnolia.example> at 2026-12-01 12:00:00Z \n"
        "| M-2041: mail is down\n"
        "|\n"
        "| Since noon.\n"
        "|\n"
        "| We work on it.\n"
        "+-----------------------------------------------------------\n"
    )


def test_a_short_head_is_filled() -> None:
    head = shown(to=Address(Channel.SMS, "+12025550101")).splitlines()[0]
    assert head == "+--- SMS to +12025550101 at 2026-12-01 12:00:00Z -----------"


def test_what_is_urgent_says_so() -> None:
    assert "MAIL (urgent) to" in shown(replace(MESSAGE, urgency=Urgency.HIGH))


def test_a_call_names_who_is_called_and_what_is_said() -> None:
    to = Address(Channel.VOICE, "+12025550101", "Pat Lin")
    text = shown(replace(MESSAGE, spoken="Your mail is down."), to)
    assert "| CALL Pat Lin +12025550101: Your mail is down.\n" in text
    assert "Since noon" not in text


def test_a_call_without_spoken_words_reads_the_text() -> None:
    to = Address(Channel.VOICE, "+12025550101", "Pat Lin")
    assert "| CALL Pat Lin +12025550101: Since noon." in shown(to=to)


def test_answers_files_and_the_link_are_shown() -> None:
    file = Attachment("1", "log.txt", "text/plain", 12, io.BytesIO)
    answers = (Answer("1", Does.ACKNOWLEDGE), Answer("2", Does.ESCALATE))
    url = "https://upheld.example/M-2041"
    text = shown(replace(MESSAGE, answers=answers, attachments=(file,), url=url))
    assert "| Answers: 1 = acknowledge, 2 = escalate\n| [log.txt, 12 bytes]\n" in text
    assert f"| {url}\n" in text


def test_no_text_is_no_empty_line() -> None:
    assert shown(replace(MESSAGE, text="")).count("\n") == 3


def test_times_are_in_utc() -> None:
    berlin = datetime(2026, 12, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    assert "at 2026-12-01 12:00:00Z" in block(MESSAGE, ANN, berlin, 60)


def test_long_lines_are_wrapped_at_words() -> None:
    lines = shown(replace(MESSAGE, text="word " * 60)).splitlines()[1:]
    assert max(map(len, lines)) <= 60


def test_a_long_address_stays_whole() -> None:
    link = "https://upheld.example/" + "x" * 100
    assert link in shown(replace(MESSAGE, text=f"See {link} now"))


@pytest.mark.parametrize(
    "trick",
    [
        "\x1b[2J",  # clears the screen
        "\x1b]0;title\x07",  # sets the title, rings
        "\x9b31m",  # the same in one byte
        "a\rb",
        "a\x08b",
        "\u202eevil\u202c",  # turns the text around
        "\x85\u2028\u2029",  # line ends that people forget
    ],
)
def test_nothing_drives_the_terminal(trick: str) -> None:
    text = shown(
        replace(MESSAGE, subject=trick, text=trick, spoken=trick, url=trick),
        Address(Channel.MAIL, trick, trick),
    )
    assert text.replace("\n", "").isprintable()


@given(st.text(), st.text())
def test_whatever_comes_every_line_is_inside_the_frame(subject: str, text: str) -> None:
    first, *inside, last = shown(replace(MESSAGE, subject=subject, text=text)).splitlines()
    assert first.startswith("+---")
    assert last == "+" + "-" * 59
    assert all(line.startswith("|") and line.isprintable() for line in inside)


def test_tabs_become_spaces() -> None:
    assert plain("a\tb") == "a   b"


def test_other_scripts_stay_as_they_are() -> None:
    assert plain("Grüße, 東京 🚒") == "Grüße, 東京 🚒"
