"""Reading back by events: who answered is credited with what was there, and a page ends in time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from pydantic import SecretStr

from tests.plugins.pagerduty.conftest import NOON
from upheld.plugin import Delivery, Page, Receipt
from upheld_pagerduty.alerts import Alerts
from upheld_pagerduty.desk import Desk
from upheld_pagerduty.mapping import timestamp
from upheld_pagerduty.readback import ASKED, SECONDS, Cursor, read_back
from upheld_pagerduty.rest import RestClient

API = "https://api.pagerduty.com"
ANN = {"id": "PANN001", "type": "user_reference", "summary": "Ann Reyes"}


@pytest.fixture
def desk() -> Desk:
    client = RestClient(requests.Session(), API, SecretStr("t"), None, 5)
    return Desk(client, "", Alerts(client))


@pytest.fixture
def far() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as far:
        yield far


def entry(number: int, kind: str, at: datetime, alerts: int = 1) -> dict[str, Any]:
    """A log entry with its incident whole, as that is now."""
    incident = {"id": f"Q{number}", "type": "incident", "alert_counts": {"all": alerts}}
    by = {"agent": ANN, "user": ANN, "created_at": timestamp(at)}
    return {"id": f"R{number}{kind}", "type": f"{kind}_log_entry", "incident": incident, **by}


def logged(far: responses.RequestsMock, *entries: dict[str, Any]) -> None:
    """The log, newest first, by pages and from where it is asked for."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked = parse_qs(urlsplit(request.url).query)
        offset, since = int(asked["offset"][0]), datetime.fromisoformat(asked["since"][0])
        found = [e for e in reversed(entries) if datetime.fromisoformat(e["created_at"]) >= since]
        page = {"log_entries": found[offset : offset + 100], "more": len(found) > offset + 100}
        return 200, {}, json.dumps(page)

    far.add_callback("GET", f"{API}/log_entries", answer)


def alerted(far: responses.RequestsMock, number: int, *alerts: tuple[str, datetime]) -> None:
    found = [
        {"id": f"A{key}", "type": "alert", "alert_key": key, "created_at": timestamp(at)}
        for key, at in alerts
    ]
    far.get(f"{API}/incidents/Q{number}/alerts", json={"alerts": found, "more": False})


def heard(page: Page) -> list[tuple[str | None, Delivery]]:
    return [(each.handle, each.state) for each in page.items if isinstance(each, Receipt)]


def many(far: responses.RequestsMock, how_many: int, apart: timedelta) -> list[str]:
    """So many incidents, each of a page that was delivered; their threads, oldest first."""
    first = NOON - how_many * apart
    times = [first + number * apart for number in range(how_many)]
    logged(far, *(entry(number, "notify", at) for number, at in enumerate(times)))

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        number = int(urlsplit(request.url).path.split("/")[2].removeprefix("Q"))
        at = timestamp(times[number])
        alert = {"id": "A", "type": "alert", "alert_key": f"page-{number}", "created_at": at}
        return 200, {}, json.dumps({"alerts": [alert], "more": False})

    far.add_callback("GET", re.compile(rf"{API}/incidents/Q\d+/alerts"), answer)
    return [f"page-{number}" for number in range(how_many)]


def read_all(desk: Desk, **more: Any) -> list[Page]:
    """Page by page as the core does, until there is no more."""
    pages: list[Page] = []
    cursor = Cursor(NOON - timedelta(days=1))
    while not pages or pages[-1].more:
        pages.append(read_back(desk, cursor, NOON, None, **more))
        cursor = Cursor.parse(pages[-1].cursor, NOON)
        assert len(pages) < 1000, "it goes on"
    return pages


# --- who saw what -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("notify", Delivery.DELIVERED),
        ("acknowledge", Delivery.ACKNOWLEDGED),
    ],
)
def test_nobody_has_answered_a_page_that_joined_the_incident_later(
    desk: Desk, far: responses.RequestsMock, kind: str, state: Delivery
) -> None:
    minute = timedelta(minutes=1)
    logged(far, entry(1, kind, NOON - 2 * minute, alerts=2))
    alerted(far, 1, ("case-1", NOON - 3 * minute), ("case-2", NOON - minute))
    start = Cursor(NOON - timedelta(hours=1))
    assert heard(read_back(desk, start, NOON, None)) == [("case-1", state)]


def test_whoever_answers_after_it_joined_has_seen_both(
    desk: Desk, far: responses.RequestsMock
) -> None:
    minute = timedelta(minutes=1)
    before, after = NOON - 2 * minute, NOON - minute
    logged(far, entry(1, "notify", before, alerts=2), entry(1, "resolve", after, alerts=2))
    alerted(far, 1, ("case-1", before), ("case-2", after))
    found = heard(read_back(desk, Cursor(NOON - timedelta(hours=1)), NOON, None))
    assert [key for key, _ in found] == ["case-1", "case-1", "case-2"], "at the same second too"


# --- what it costs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [timedelta(minutes=1), timedelta(0)], ids=["spread", "at once"])
def test_450_incidents_are_read_in_pages_each_once(
    desk: Desk, far: responses.RequestsMock, apart: timedelta
) -> None:
    threads = many(far, 450, apart)
    pages = read_all(desk)
    assert [len(each.items) for each in pages] == [ASKED, ASKED, 50]
    found = [key for each in pages for key, _ in heard(each)]
    assert sorted(map(str, found)) == sorted(threads)
    assert desk.alerts.asked == 450


def test_a_page_ends_before_the_core_takes_it_for_one_that_hangs(
    desk: Desk, far: responses.RequestsMock
) -> None:
    threads = many(far, 30, timedelta(minutes=1))
    ticks = count(0, 5)  # five seconds an entry
    pages = read_all(desk, clock=lambda: float(next(ticks)))
    assert {len(each.items) for each in pages[:-1]} == {int(SECONDS / 5)}
    assert [key for each in pages for key, _ in heard(each)] == threads


def test_however_slow_it_is_it_comes_to_an_end(desk: Desk, far: responses.RequestsMock) -> None:
    threads = many(far, 5, timedelta(0))
    ticks = count(0, 1000)
    pages = read_all(desk, clock=lambda: float(next(ticks)))
    assert [len(each.items) for each in pages] == [1] * 5
    assert sorted(str(key) for each in pages for key, _ in heard(each)) == threads


def test_what_was_seen_is_not_told_again_after_a_page_that_ended_early(
    desk: Desk, far: responses.RequestsMock
) -> None:
    logged(far, *(entry(n, "notify", NOON) for n in (1, 2, 3)))
    for number in (1, 2, 3):
        alerted(far, number, (f"page-{number}", NOON))
    ticks = count(0, 1000)
    start = Cursor(NOON - timedelta(minutes=1), frozenset({"R1notify"}))
    page = read_back(desk, start, NOON, None, lambda: float(next(ticks)))
    assert page.more
    assert Cursor.parse(page.cursor, NOON).seen == {"R1notify", "R3notify"}
