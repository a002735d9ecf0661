"""What a letter says of maintenance: its hours on the reader's wall, how it comes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.core.dispatch.test_composer import item
from upheld.calendar.instant import parse
from upheld.dispatch.window_words import every, window

PRAGUE: Final = ZoneInfo("Europe/Prague")


def said(*times: tuple[str, str], zone: ZoneInfo = PRAGUE, **facts: Any) -> Mapping[str, Any]:
    given = {
        "monitors": ["acme/www", "acme/db/1", "router"],
        "times": [[parse(begins), parse(ends)] for begins, ends in times],
        "rule": "",
        "reason": "new disks",
    }
    told = replace(item(), facts={"window": given | facts})
    return window(told, "acme", zone)


def test_other_letters_say_nothing_of_it() -> None:
    assert window(item(), "acme", PRAGUE) == {}


def test_servers_are_named_as_the_customer_calls_them() -> None:
    assert said()["servers"] == ["www", "db/1", "router"]


@pytest.mark.parametrize(
    ("begins", "ends", "first", "last"),
    [
        ("2026-05-04T20:00Z", "2026-05-04T21:30Z", "Monday 2026-05-04 22:00 CEST", "23:30"),
        (
            "2026-05-04T20:00Z",
            "2026-05-05T01:00Z",
            "Monday 2026-05-04 22:00 CEST",
            "Tuesday 2026-05-05 03:00 CEST",
        ),
        ("2026-03-29T00:30Z", "2026-03-29T01:30Z", "Sunday 2026-03-29 01:30 CET", "03:30 CEST"),
        ("2026-10-25T00:30Z", "2026-10-25T01:30Z", "Sunday 2026-10-25 02:30 CEST", "02:30 CET"),
    ],
    ids=["one day", "over midnight", "into summer", "an hour that looks like none"],
)
def test_its_end_says_as_much_as_it_takes(begins: str, ends: str, first: str, last: str) -> None:
    assert said((begins, ends))["times"] == [{"begins": first, "ends": last}]


def test_it_is_on_the_readers_wall() -> None:
    (time,) = said(("2026-05-04T20:00Z", "2026-05-04T21:00Z"), zone=ZoneInfo("Asia/Kathmandu"))[
        "times"
    ]
    assert time == {"begins": "Tuesday 2026-05-05 01:45 +0545", "ends": "02:45"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("freq=weekly;byday=su", "every week"),
        ("FREQ=MONTHLY;INTERVAL=1", "every month"),
        ("INTERVAL=2;FREQ=YEARLY", "every 2 years"),
        ("FREQ=HOURLY", ""),
        ("every sunday", ""),
        ("", ""),
    ],
)
def test_how_it_comes_again_in_words(rule: str, words: str) -> None:
    assert every(rule) == words


def test_that_a_single_time_is_off_is_told_apart() -> None:
    assert (said()["single"], said(single=True)["single"]) == (False, True)
