"""``upheld monitors window`` and ``pause`` with what people really type, at odd hours too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from icalendar import Calendar

from tests.core.cli.conftest import Change, Terminal
from tests.core.cli.test_monitors import FAR, desk
from upheld.errors import NotFound, Refusal

__all__ = ["desk"]

ADD: Final = ("monitors", "window", "add")


@pytest.mark.parametrize(
    ("begins", "zone", "stored", "again"),
    [
        # Half past two comes twice: it is the first.
        ("2030-10-27 02:30", "Europe/Berlin", "2030-10-27T00:30:00Z", "2030-10-28T01:30:00Z"),
        ("2030-04-07 01:45", "Australia/Lord_Howe", "2030-04-06T14:45:00Z", "2030-04-07T15:15:00Z"),
        ("2030-06-01 12:00", "Asia/Kathmandu", "2030-06-01T06:15:00Z", "2030-06-02T06:15:00Z"),
    ],
    ids=["twice", "half an hour", "a quarter"],
)
def test_the_wall_of_its_zone_says_when_over_every_change_of_the_clocks(
    desk: Terminal, begins: str, zone: str, stored: str, again: str
) -> None:
    when = (
        "--from",
        begins,
        "--for",
        "10 minutes",
        "--zone",
        zone,
        "--again",
        "daily",
        "--as",
        "bo",
    )
    (found,) = desk.json(*ADD, "acme/www", *when)
    assert (found["begins"], found["zone"]) == (stored, zone)
    day = begins[:10]
    (found,) = desk.json("monitors", "window", "cancel", found["id"], "--on", day, "--as", "bo")
    assert (found["begins"], found["off"]) == (again, [stored])


def test_an_instant_with_its_offset_is_that_instant(desk: Terminal) -> None:
    words = ("--from", "2030-01-06T02:00+05:30", "--until", "2030-01-06T02:00Z", "--as", "bo")
    (found,) = desk.json(*ADD, "acme/www", *words)
    assert (found["begins"], found["ends"]) == ("2030-01-05T20:30:00Z", "2030-01-06T02:00:00Z")


@pytest.mark.parametrize(
    ("words", "exits", "told"),
    [
        (("--from", "soon", "--for", "1 hour"), Refusal.exit_code, "'soon' is no time"),
        (("--from", "2030-01-06", "--for", "long"), Refusal.exit_code, "'long' is no time"),
        (("--from", "2030-13-06", "--for", "1 hour"), Refusal.exit_code, "is no time"),
        (
            ("--from", "2030-01-06 05:00", "--until", "2030-01-06 04:00"),
            Refusal.exit_code,
            "ends before it begins",
        ),
        (
            ("--from", "2020-01-06", "--until", "2030-01-06"),
            Refusal.exit_code,
            "has failed already is not excused",
        ),
        (
            ("--from", "2030-01-06", "--for", "1 hour", "--until", "2030-01-07"),
            2,
            "--until or --for",
        ),
        (
            ("--from", "2030-01-06", "--for", "2 days", "--again", "daily"),
            Refusal.exit_code,
            "again before it is over",
        ),
        (
            ("--from", "2030-01-06", "--for", "1 hour", "--again", "FREQ=WEEKLY;BYDAY=XX"),
            Refusal.exit_code,
            "no recurrence",
        ),
        (
            ("--from", "2030-01-06", "--for", "1 hour", "--again", "FREQ=WEEKLY;COUNT=none"),
            Refusal.exit_code,
            "no recurrence",
        ),
        (("--for", "1 hour"), 2, "--from"),
    ],
)
def test_times_that_are_none_are_told_and_nothing_is_planned(
    desk: Terminal, words: tuple[str, ...], exits: int, told: str
) -> None:
    assert told in desk(*ADD, "acme/www", *words, "--as", "bo", exits=exits).stderr
    assert desk.json("monitors", "window", "list", "--all") == []


def test_each_customer_has_their_own_and_the_list_can_be_narrowed(
    desk: Terminal, edit: Change
) -> None:
    edit(
        "  router: {fed_by: desk}",
        "  router: {fed_by: desk}\n  beta/www: {customer: beta, fed_by: desk}",
    )
    edit("\ncustomers:", "\ncustomers:\n  beta: {name: Beta, kind: isp, domains: [beta.example]}")
    found = desk.json(*ADD, "*/www", "router", *FAR)
    assert {(each["customer"], *each["monitors"]) for each in found} == {
        (None, "router"),
        ("acme", "acme/www"),
        ("beta", "beta/www"),
    }
    (own,) = desk.json("monitors", "window", "list", "--customer", "beta")
    assert "acme" not in str(own)
    assert desk.json("monitors", "window", "list", "--customer", "nobody") == []


def test_why_is_kept_as_it_was_written_and_breaks_no_line_of_the_list(desk: Terminal) -> None:
    (found,) = desk.json(*ADD, "acme/www", "--why", "Ümbau\n«disks» ✓", *FAR)
    assert found["reason"] == "Ümbau\n«disks» ✓"
    assert len(desk("monitors", "window", "list").stdout.splitlines()) == 2


def events(desk: Terminal, *words: str) -> list[tuple[str, str, str]]:
    """UID, status and beginning of each."""
    feed: Any = Calendar.from_ical(desk("monitors", "window", "export", *words).stdout)
    return [
        (str(each["uid"]), str(each["status"]), each["dtstart"].dt.isoformat())
        for each in feed.walk("VEVENT")
    ]


def test_exported_each_time_stands_by_itself_and_what_is_off_is_cancelled(desk: Terminal) -> None:
    soon = ("--from", "36 hours", "--for", "1 hour", "--as", "bo")
    (found,) = desk.json(*ADD, "acme/www", "--again", "daily", "--why", "disks; a lot", *soon)
    before = events(desk, "--weeks", "1")
    assert {status for _, status, _ in before} == {"CONFIRMED"}
    assert len(before) == 6
    day = str(found["begins"])[:10]
    desk("monitors", "window", "cancel", "W1", "--on", day, "--as", "bo")
    after = events(desk, "--weeks", "1")
    assert [uid for uid, _, _ in after] == [uid for uid, _, _ in before]
    assert [status for _, status, _ in after] == ["CANCELLED", *["CONFIRMED"] * 5]
    desk("monitors", "window", "cancel", "W1", "--as", "bo")
    assert {status for _, status, _ in events(desk)} == {"CANCELLED"}


def test_exported_for_a_customer_it_holds_nothing_of_others(desk: Terminal, tmp_path: Path) -> None:
    desk(*ADD, "acme/www", "router", "--from", "2 days", "--for", "1 hour", "--as", "bo")
    file = tmp_path / "acme.ics"
    desk("monitors", "window", "export", "--customer", "acme", "--file", str(file))
    told = file.read_text("utf-8")
    assert "maintenance of www" in told
    assert "router" not in told
    assert events(desk, "--customer", "nobody") == []


@pytest.mark.parametrize(
    ("words", "exits", "told"),
    [
        (("cancel", "W9"), NotFound.exit_code, "there is no window W9"),
        (("cancel", "C1"), NotFound.exit_code, "there is no window C1"),
        (("cancel", "../W1"), NotFound.exit_code, "there is no window"),
        (("cancel", ""), NotFound.exit_code, "there is no window"),
        (("cancel",), 2, "WINDOW"),
        (("cancel", "W1", "--on", "2030-01-06"), Refusal.exit_code, "W1 takes place once"),
        (("cancel", "W1", "--on", "tomorrow"), 2, "is no day"),
    ],
)
def test_what_can_not_be_called_off_is_told_and_stands(
    desk: Terminal, words: tuple[str, ...], exits: int, told: str
) -> None:
    desk(*ADD, "acme/www", *FAR)
    assert told in desk("monitors", "window", *words, "--as", "bo", exits=exits).stderr
    (found,) = desk.json("monitors", "window", "list")
    assert (found["status"], found["off"]) == ("planned", [])


@pytest.mark.parametrize(
    ("words", "exits", "told"),
    [
        (("router", "--until", "2020-01-01"), Refusal.exit_code, "'2020-01-01' is over already"),
        (("router", "--for", "-2 hours"), Refusal.exit_code, "is no time"),
        (("router", "--for", "0 hours"), Refusal.exit_code, "'0 hours' is"),
        (("router", "--until", "later"), Refusal.exit_code, "'later' is no time"),
        (("rooter",), NotFound.exit_code, "no monitor is called 'rooter'"),
        (("beta/*",), NotFound.exit_code, "beta/*"),
        ((), 2, "NAMES"),
    ],
)
def test_a_pause_that_makes_no_sense_is_told_and_nothing_is_paused(
    desk: Terminal, words: tuple[str, ...], exits: int, told: str
) -> None:
    assert told in desk("monitors", "pause", *words, "--as", "bo", exits=exits).stderr
    assert desk.json("monitors", "list", "--state", "paused") == []


def test_paused_again_it_says_the_new_end_and_one_resume_ends_both(desk: Terminal) -> None:
    for end in ("2030-01-01 09:00", "2030-02-01 09:00"):
        desk("monitors", "pause", "router", "--until", end, "--as", "bo")
    assert desk.json("monitors", "show", "router")["paused"]["until"] == "2030-02-01T09:00:00Z"
    desk("monitors", "resume", "router", "--as", "bo")
    assert desk.json("monitors", "show", "router")["paused"] is None
