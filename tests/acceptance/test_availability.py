"""How available it was: by server and month (G-10), by cause (M-27), by Internet provider (P-05); and M-20.

The report is of what is watched, whichever policy it is watched for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.story import STAFF, Story
from upheld.calendar.instant import HOUR, MINUTE, parse
from upheld.case.monitor import MonitorState, Seen
from upheld.ledger import Transaction
from upheld.monitor.landing import Landing
from upheld.report.availability import (
    Availability,
    Target,
    availability,
    by_provider,
    cause_shares,
    without_backup,
)
from upheld.report.plot import plot
from upheld.report.watched import causes, targets
from upheld.testing.stage import Stage

_TOLD: Final = {"of": "servers", "customer": "acme", "fed_by": "mailbox"}
MONITORS: Final[Mapping[str, Any]] = {
    "web": {**_TOLD, "requests": 10},
    "line": {**_TOLD, "provider": "telco"},
}
SPARE: Final[Mapping[str, Any]] = {"spare": {**_TOLD, "backup_of": "web"}}


def stage(folder: Path, monitors: Mapping[str, Any], database: str | None) -> Stage:
    """Acme in Boston, and who watches its servers tells of them."""
    config = {"monitors": dict(monitors), "providers": {"telco": {"name": "Telco"}}}
    return Stage(folder, database=database, config=config)


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    with stage(tmp_path, MONITORS, database) as opened:
        yield Story(opened)


def reads(story: Story, name: str, at: str, state: MonitorState) -> None:
    """One reading, at its time."""
    story.until(at)
    site = story.stage.site

    def lands(tx: Transaction) -> None:
        (row,) = tx.monitors([name])
        assert Landing(site.records, site.watched).take(tx, row, Seen(parse(at), state))

    site.ledger.retrying(lands)
    story.settle()


def outage(story: Story, name: str = "web") -> None:
    """From half an hour before the end of March in Boston to an hour after it; a request a minute."""
    reads(story, name, "2026-03-31T00:00:00Z", MonitorState.UP)
    for minute in range(30, 40):
        reads(story, name, f"2026-04-01T03:{minute}:00Z", MonitorState.DOWN)
    reads(story, name, "2026-04-01T05:00:00Z", MonitorState.UP)


def watched(story: Story) -> tuple[list[Target], Mapping[str, str]]:
    site = story.stage.site
    with site.ledger.reading() as tx:
        found = list(targets(tx, lambda _: "America/New_York", story.now))
        return found, causes(tx, found)


def months(story: Story) -> list[Availability]:
    found, named = watched(story)
    return [each for each in availability(found, named) if each.name == "web"]


def test_g_10_availability_by_server_and_month_and_an_outage_is_split_at_its_edge(
    story: Story,
) -> None:
    outage(story)
    story.until("2026-04-02T04:00:00Z")
    march, april = months(story)
    assert (march.month, march.down, march.outages) == ("2026-03", 30 * MINUTE, 1)
    assert (april.month, april.down, april.outages) == ("2026-04", HOUR, 1)
    assert march.watched == 28 * HOUR, "from the first reading to midnight in Boston"
    assert april.up == 23 * HOUR


def test_g_10_the_plot_has_a_row_for_the_server_and_says_what_each_day_was(story: Story) -> None:
    outage(story)
    story.until("2026-04-02T04:00:00Z")
    picture = plot(watched(story)[0], "Availability")
    assert ">web<" in picture
    assert "web 2026-03-31: up 23 h 30 min, down 30 min" in picture
    assert "web 2026-04-01: up 23 h, down 1 h" in picture


def test_m_27_the_cause_that_was_found_is_that_of_the_outage(story: Story) -> None:
    outage(story)
    found, named = watched(story)
    assert {each.cause for each in cause_shares(found, named)} == {"not known"}
    with story.stage.site.ledger.reading() as tx:
        (case,) = (each.id for each in tx.cases())
    story.do.provide(case, STAFF, "cause", "unannounced maintenance")
    found, named = watched(story)
    assert [(each.cause, each.down) for each in cause_shares(found, named)] == [
        ("unannounced maintenance", 30 * MINUTE),
        ("unannounced maintenance", HOUR),
    ]


def test_p_05_each_internet_provider_has_a_report_of_its_lines(story: Story) -> None:
    reads(story, "web", "2026-03-31T12:00:00Z", MonitorState.UP)
    reads(story, "line", "2026-03-31T12:00:00Z", MonitorState.UP)
    reads(story, "line", "2026-03-31T14:00:00Z", MonitorState.DOWN)
    reads(story, "line", "2026-03-31T16:00:00Z", MonitorState.UP)
    found, named = watched(story)
    (telco,) = availability(found, named, by=by_provider)
    assert (telco.name, telco.down, telco.watched) == ("telco", 2 * HOUR, 4 * HOUR)
    assert telco.available == 0.5


def test_m_20_a_customer_without_a_backup_is_listed_until_it_runs_one(
    story: Story, tmp_path: Path
) -> None:
    assert without_backup(watched(story)[0]) == ["acme"]
    (folder := tmp_path / "with-a-spare").mkdir()
    with stage(folder, {**MONITORS, **SPARE}, None) as opened:
        assert without_backup(watched(Story(opened))[0]) == []
