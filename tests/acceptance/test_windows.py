"""Magnolia, planned outages: M-24."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.servers import Server
from tests.acceptance.story import PAT, STAFF, Story
from upheld.calendar.instant import parse, span
from upheld.calendar.occurrences import Occurrence
from upheld.case.events import Turned
from upheld.desk.windows import Windows
from upheld.report.evidence import ClauseEvidence, ClauseState, gather
from upheld.testing.stage import SITE, Got, Stage

UTA, ODA = "uta@borealis.example", "oda@borealis.example"
WWW: Mapping[str, str | None] = {"acme/www": "acme"}
#: A second customer, in a zone of its own; nobody of theirs is technical.
BOREALIS: Mapping[str, Any] = {
    "name": "Borealis AG",
    "kind": "corporate",
    "zone": "Europe/Berlin",
    "domains": ["borealis.example"],
    "contacts": [
        {"name": "Uta Kern", "mail": UTA, "is": "contact"},
        {"name": "Oda Ruf", "mail": ODA, "is": "billing"},
    ],
}


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """The shipped policy with two customers; at the end, whatever was not expected fails."""
    config = {"customers": {**SITE["customers"], "borealis": BOREALIS}}
    with Stage(tmp_path, database=database, config=config) as stage:
        story = Story(stage)
        yield story
        story.nothing_else()


def plan(
    story: Story,
    begins: str,
    ends: str,
    monitors: Mapping[str, str | None] = WWW,
    recurs: str = "",
    zone: str = "America/New_York",
) -> tuple[str, ...]:
    """Bo plans it; both times in UTC."""
    windows = Windows(story.stage.site.records)
    times = Occurrence(parse(begins), parse(ends))
    found = windows.plan(monitors, STAFF, times, zone=zone, recurs=recurs, reason="new disks")
    story.settle()
    return found


def kept(story: Story, customer: str | None = None) -> ClauseEvidence:
    """M-24 in the report."""
    with story.stage.site.ledger.reading() as tx:
        clauses = gather(tx, story.stage.site.policy, customer=customer)
    return next(each for each in clauses if each.id == "M-24")


def told(story: Story, to: str, what: str = "Planned maintenance: ") -> Got:
    return story.expect_mail(to, what)


def test_m_24_three_days_before_it_begins_the_technical_staff_is_told(story: Story) -> None:
    plan(story, "2026-04-05T02:00Z", "2026-04-05T06:00Z")
    story.until("2026-04-02T01:59Z")
    story.nothing_else()
    story.until("2026-04-02T02:00Z")
    letter = told(story, PAT)
    assert letter.what == "Planned maintenance: www"
    # In the reader's own zone, and it says what for.
    assert "Saturday 2026-04-04 22:00 EDT to Sunday 2026-04-05 02:00 EDT" in letter.text
    assert "What for: new disks" in letter.text
    story.until("2026-04-10T00:00Z")
    story.nothing_else()
    found = kept(story)
    assert (found.state, found.kept) == (ClauseState.KEPT, 1)
    assert found.evidence[0].what == "announced: mail to Pat Lin"


def test_m_24_planned_later_it_is_announced_at_once_and_the_report_says_how_late(
    story: Story,
) -> None:
    plan(story, "2026-03-29T22:30Z", "2026-03-29T23:30Z")
    letter = told(story, PAT)
    assert "This announcement should have reached you 48 h earlier." in letter.text
    found = kept(story)
    assert (found.state, found.missed) == (ClauseState.MISSED, 1)
    assert found.evidence[0].what == "announced late: mail to Pat Lin; late by 2 d"


def test_m_24_each_customer_hears_of_their_own_servers_alone(story: Story) -> None:
    many = {**WWW, "acme/mail": "acme", "borealis/shop": "borealis", "router": None}
    assert len(plan(story, "2026-03-29T20:00Z", "2026-03-29T23:30Z", many)) == 3
    letter = told(story, PAT)
    assert letter.what == "Planned maintenance: mail, www"
    assert not {word for word in ("shop", "orealis", "router") if word in letter.text}
    # Where nobody is technical, whoever speaks for the customer is told.
    other = told(story, UTA)
    assert other.what == "Planned maintenance: shop"
    assert "Sunday 2026-03-29 22:00 CEST to Monday 2026-03-30 01:30 CEST" in other.text
    assert not {word for word in ("www", "cme", "router") if word in other.text}
    assert kept(story, "borealis").missed == 1
    assert kept(story).missed == 2


def test_m_24_each_time_of_one_that_comes_again_is_announced_in_the_customers_hours(
    story: Story,
) -> None:
    plan(
        story,
        "2026-10-18T00:00Z",
        "2026-10-18T02:00Z",
        {"borealis/shop": "borealis"},
        "FREQ=WEEKLY;COUNT=2",
        "Europe/Berlin",
    )
    story.until("2026-10-15T00:00Z")
    first = told(story, UTA)
    assert "Sunday 2026-10-18 02:00 CEST to 04:00" in first.text
    assert "It comes again every week" in first.text
    story.until("2026-10-22T00:00Z")
    second = told(story, UTA)
    # The night in which the clocks go back: two hours on the wall, three hours long.
    assert "Sunday 2026-10-25 02:00 CEST to 04:00 CET" in second.text
    story.until("2026-11-10T00:00Z")


def test_m_24_who_was_told_hears_that_it_is_off(story: Story) -> None:
    (window,) = plan(story, "2026-04-05T02:00Z", "2026-04-05T06:00Z")
    story.until("2026-04-02T02:00Z")
    told(story, PAT)
    story.until("2026-04-03T00:00Z")
    Windows(story.stage.site.records).cancel(window, STAFF, "the disks did not come")
    story.settle()
    letter = told(story, PAT, "Planned maintenance is cancelled: www")
    assert "Saturday 2026-04-04 22:00 EDT" in letter.text
    assert "Why: the disks did not come" in letter.text
    story.until("2026-04-10T00:00Z")
    assert kept(story).missed == 0


def test_m_24_one_time_of_many_is_off_and_who_had_heard_of_it_hears_so(story: Story) -> None:
    times = ("2026-04-05T02:00Z", "2026-04-05T06:00Z")
    (window,) = plan(story, *times, recurs="FREQ=WEEKLY;COUNT=4")
    story.until("2026-04-02T02:00Z")
    told(story, PAT)
    windows = Windows(story.stage.site.records)
    windows.cancel(window, STAFF, "a holiday", on=date(2026, 4, 4))
    windows.cancel(window, STAFF, "another one", on=date(2026, 4, 18))
    story.settle()
    letter = told(story, PAT, "Planned maintenance is cancelled: www")
    assert "is off this once:" in letter.text
    assert "Saturday 2026-04-04 22:00 EDT" in letter.text
    assert "Its other times stay as they are." in letter.text
    assert "Nor does it come again" not in letter.text
    story.until("2026-04-09T02:00Z")
    assert "Saturday 2026-04-11 22:00 EDT" in told(story, PAT).text
    story.until("2026-04-23T02:00Z")
    assert "Saturday 2026-04-25 22:00 EDT" in told(story, PAT).text
    story.until("2026-05-10T00:00Z")
    assert (kept(story).kept, kept(story).missed) == (4, 0)


def test_m_24_what_was_never_announced_is_called_off_silently(story: Story) -> None:
    (window,) = plan(story, "2026-04-05T02:00Z", "2026-04-05T06:00Z")
    Windows(story.stage.site.records).cancel(window, STAFF)
    story.until("2026-04-10T00:00Z")
    assert kept(story).state is ClauseState.NOT_EXERCISED


def test_m_24_a_customer_who_answers_the_announcement_has_a_case(story: Story) -> None:
    plan(story, "2026-03-29T22:30Z", "2026-03-29T23:30Z")
    letter = told(story, PAT)
    story.answer(PAT, letter.key, "Not on Sunday, please.", "Re: Planned maintenance: www")
    assert [case.title for case in story.cases()] == ["Re: Planned maintenance: www"]
    story.expect_mail(PAT, "Re: Planned maintenance: www")


def test_m_24_in_shadow_nobody_is_told_and_the_letter_is_kept(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config={"go_live": {"mode": "shadow"}}) as stage:
        story = Story(stage)
        plan(story, "2026-03-29T22:30Z", "2026-03-29T23:30Z")
        story.nothing_else()
        with stage.site.ledger.reading() as tx:
            assert [item.template for item in tx.items(subject="W1")] == ["window"]


def test_m_24_a_daemon_that_was_down_announces_as_soon_as_it_is_back(story: Story) -> None:
    plan(story, "2026-04-05T02:00Z", "2026-04-05T06:00Z")
    story.stage.daemon.close()
    story.stage.clock.forward_to(parse("2026-04-03T02:00Z"))
    story.stage.restart()
    story.settle()
    assert "24 h earlier" in told(story, PAT).text
    assert kept(story).evidence[0].what.startswith("announced late: ")


# --- while it stands, and after -------------------------------------------------------------------


@pytest.fixture
def watched(tmp_path: Path, database: str | None) -> Iterator[tuple[Story, Server]]:
    """A real server of acme's, asked by the real daemon; a check each 15 minutes, as M-18 has it."""
    with Server() as server:
        monitors = {"acme/www": {"probe": "http", "url": server.url, "customer": "acme"}}
        config = {"monitors": monitors, "watching": {"timeout": "1 second"}}
        with Stage(tmp_path, database=database, config=config) as stage:
            story = Story(stage)
            story.forward(minutes=16)
            yield story, server


def maintained(story: Story, **lasting: float) -> str:
    """A window that begins now; its late announcement is expected."""
    times = Occurrence(story.now, story.now + span(timedelta(**lasting)))
    windows = Windows(story.stage.site.records)
    (window,) = windows.plan(WWW, STAFF, times, zone="America/New_York")
    story.settle()
    told(story, PAT)
    return window


def turns(story: Story) -> list[tuple[str, str]]:
    """How the monitor turned, and what excused it."""
    with story.stage.site.ledger.reading() as tx:
        (row,) = tx.monitors(["acme/www"])
        facts = tx.subject(row.subject).facts
    return [(f.body.state, f.body.excuse) for f in facts if isinstance(f.body, Turned)]


def test_m_24_a_server_that_is_off_during_its_window_opens_no_case(
    watched: tuple[Story, Server],
) -> None:
    story, server = watched
    window = maintained(story, hours=2)
    server.stop()
    story.forward(hours=1)
    assert turns(story) == [("up", ""), ("down", f"window {window}")]
    server.start()
    story.forward(hours=3)
    assert turns(story)[-1] == ("up", "")
    assert story.cases() == []
    story.nothing_else()


def test_m_24_a_failure_that_outlives_the_window_opens_the_case(
    watched: tuple[Story, Server],
) -> None:
    story, server = watched
    maintained(story, hours=1)
    ends = story.now + span(timedelta(hours=1))
    server.stop()
    story.stage.forward_to(ends - 1)
    assert story.cases() == []
    story.stage.forward_to(ends + span(timedelta(minutes=15)))
    (case,) = story.cases()
    assert (case.severity, case.customer) == (1, "acme")
    # With the first reading after its end that still fails.
    assert ends <= case.opened <= ends + span(timedelta(minutes=1))
    assert turns(story)[-1] == ("down", "")


def test_m_24_a_window_that_is_called_off_excuses_nothing_any_more(
    watched: tuple[Story, Server],
) -> None:
    story, server = watched
    window = maintained(story, hours=5)
    server.stop()
    story.forward(hours=1)
    Windows(story.stage.site.records).cancel(window, STAFF, "done early")
    story.settle()
    told(story, PAT, "Planned maintenance is cancelled: www")
    story.forward(minutes=16)
    assert [case.severity for case in story.cases()] == [1]


def test_m_24_a_restart_in_the_middle_of_a_window_changes_nothing(
    watched: tuple[Story, Server],
) -> None:
    story, server = watched
    window = maintained(story, hours=1)
    server.stop()
    for _ in range(3):
        story.forward(minutes=19)
        story.stage.restart()
    assert turns(story) == [("up", ""), ("down", f"window {window}")]
    assert story.cases() == []
    story.forward(minutes=19)
    assert len(story.cases()) == 1


def test_m_24_a_server_that_is_not_named_is_not_excused(watched: tuple[Story, Server]) -> None:
    story, server = watched
    plan(story, "2026-03-28T22:46Z", "2026-03-29T04:00Z", {"acme/mail": "acme"})
    told(story, PAT)
    server.stop()
    story.forward(minutes=30)
    assert len(story.cases()) == 1
