"""Calendar versions of a site: pinned at the opening, and new days applied to open cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.core.daemon.test_site import YAML, _nobody_in_particular, opened
from upheld.calendar.instant import iso
from upheld.case.events import Actor, CalendarApplied, Opened, Side
from upheld.daemon.site import Site
from upheld.desk.calendars import Application, Shift, kept_days, listed
from upheld.errors import ConfigError, NotFound
from upheld.policy import load_policy

__all__ = ["_nobody_in_particular", "opened"]

ANN = Actor("ann", Side.STAFF)
_OWN = YAML.replace("policy: magnolia", "policy: own.yaml")
_POLICY = """
policy: Own
calendars:
  office: {{zone: Europe/Prague, week: {{mon-fri: "08:00-17:00"}}, holidays: {holidays}}}
severities: {{1: {{name: Urgent}}}}
document:
- heading: Answers
  clauses:
  - {{id: A-1, says: "Within {{within}}.", target: first_response, within: {within}, calendar: office}}
"""


def feed(*days: str) -> str:
    lines = [
        f"BEGIN:VEVENT\nUID:{d}\nDTSTART;VALUE=DATE:{d}\nSUMMARY:Off\nEND:VEVENT" for d in days
    ]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR\n"])


class Office:
    """A site with a policy of its own; NOW is Monday, 7 December 2026, 13:00 in Prague."""

    def __init__(self, folder: Path, opened: Any) -> None:
        self.folder, self._opened = folder, opened
        self.site: Site

    def writes(self, holidays: str, within: str = "18 business hours") -> Site:
        """(Re)start under a policy: due on Wednesday at 13:00."""
        text = _POLICY.format(holidays=holidays, within=within)
        (self.folder / "own.yaml").write_text(text, encoding="utf-8")
        self.site = self.open()
        return self.site

    def open(self) -> Site:
        site: Site = self._opened(_OWN)
        return site

    def feeds(self, *days: str) -> None:
        (self.folder / "off.ics").write_text(feed(*days), encoding="utf-8")

    def case(self) -> str:
        opening = Opened("phone", "Slow", "…", enforced_from=self.site.clock.now())
        return self.site.verbs.open(opening, ANN)

    def due(self, case: str) -> str:
        with self.site.ledger.reading() as tx:
            due = tx.case(case).due
        return iso(due or 0)

    def version(self, case: str) -> str | None:
        with self.site.ledger.reading() as tx:
            return tx.subject(case).calendar

    def asks(self) -> list[Shift]:
        application = Application(self.site.records, self.site.fetch)
        with self.site.ledger.reading() as tx:
            return application.shifts(tx)

    def applies(self) -> list[Shift]:
        return Application(self.site.records, self.site.fetch).apply(ANN)


@pytest.fixture
def office(tmp_path: Path, opened: Any) -> Office:
    return Office(tmp_path, opened)


def test_a_case_is_pinned_to_the_calendar_version_under_which_it_opens(office: Office) -> None:
    site = office.writes("{country: CZ}")
    case = office.case()
    with site.ledger.reading() as tx:
        kept = kept_days(tx, site.policy.version, None)
    assert kept is not None
    assert office.version(case) == kept.version
    assert "2026-12-24" in kept.specs["office"].holidays
    assert office.due(case) == "2026-12-09T12:00:00Z"


def test_a_moving_feed_changes_nothing_by_itself(office: Office) -> None:
    office.feeds("20261224")
    site = office.writes("{feed: off.ics}")
    first = office.case()
    office.feeds("20261208", "20261224")
    site.verbs.note(first, ANN, "still there")
    second = office.case()
    assert office.due(first) == office.due(second) == "2026-12-09T12:00:00Z"
    site.close()
    (office.folder / "off.ics").unlink()
    office.writes("{feed: off.ics}")
    assert office.due(office.case()) == "2026-12-09T12:00:00Z"


def test_an_upgrade_of_the_library_changes_nothing_by_itself(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office.writes("{country: CZ}").book.policy.name == "Own"
    office.site.close()
    monkeypatch.setattr("upheld.calendar.holiday._days", lambda *_: {"2026-12-08": "A new feast"})
    office.writes("{country: CZ}")
    case = office.case()
    assert office.due(case) == "2026-12-09T12:00:00Z"
    (shift,) = office.asks()
    assert (iso(shift.due_after or 0), shift.moves) == ("2026-12-10T12:00:00Z", True)
    assert office.due(case) == "2026-12-09T12:00:00Z"


def test_new_days_are_applied_to_open_cases_in_one_step_that_can_be_asked_before(
    office: Office,
) -> None:
    office.feeds("20261224")
    site = office.writes("{feed: off.ics}")
    case, done = office.case(), office.case()
    site.verbs.resolve(done, ANN, "A router.")
    site.verbs.close(done, ANN)
    before = office.version(case)
    office.feeds("20261208", "20261224")
    (asked,) = office.asks()
    assert office.due(case) == iso(asked.due_before or 0) == "2026-12-09T12:00:00Z"
    (shift,) = office.applies()
    assert (shift.case, shift.what) == (case, ("office: closed on 2026-12-08 (Off)",))
    assert office.due(case) == iso(shift.due_after or 0) == "2026-12-10T12:00:00Z"
    assert office.version(case) == shift.after.version != before
    assert office.version(done) == before
    assert office.due(office.case()) == "2026-12-10T12:00:00Z"
    assert (office.asks(), office.applies()) == ([], [])


def test_it_is_on_record_who_did_it(office: Office) -> None:
    office.feeds("20261224")
    site = office.writes("{feed: off.ics}")
    case = office.case()
    before = office.version(case)
    office.feeds("20261208")
    office.applies()
    with site.ledger.reading() as tx:
        events = [each.event for each in tx.events(case) if each.event]
    (applied,) = [each for each in events if isinstance(each.body, CalendarApplied)]
    assert applied.actor == ANN
    assert applied.body == CalendarApplied(
        office.version(case) or "",
        before,
        "office: closed on 2026-12-08 (Off); office: as its weekday on 2026-12-24",
    )


def test_days_of_the_past_and_today_stay_as_they_were(office: Office) -> None:
    """Of a feed that forgets its old days, and of one that closes today."""
    office.feeds("20261201", "20261224")
    office.writes("{feed: off.ics}")
    case = office.case()
    office.feeds("20261207", "20261224")
    assert office.applies() == []
    assert office.due(case) == "2026-12-09T12:00:00Z"


def test_days_listed_in_a_newer_policy_reach_older_cases_without_the_rest_of_it(
    office: Office,
) -> None:
    office.writes("[2026-12-24]").close()
    site = office.writes("[2026-12-24]")
    case = office.case()
    site.close()
    newer = office.writes("[2026-12-08, 2026-12-24]", within="9 business hours")
    assert office.due(case) == "2026-12-09T12:00:00Z"
    (shift,) = office.applies()
    assert shift.what == ("office: closed on 2026-12-08",)
    assert office.due(case) == "2026-12-10T12:00:00Z"  # 18 hours still
    with newer.ledger.reading() as tx:
        assert tx.subject(case).policy != newer.policy.version
    assert office.due(office.case()) == "2026-12-09T12:00:00Z"


def test_after_a_restart_the_days_are_those_that_were_applied(office: Office) -> None:
    office.feeds("20261224")
    office.writes("{feed: off.ics}")
    case = office.case()
    office.feeds("20261208")
    office.applies()
    office.site.close()
    site = office.writes("{feed: off.ics}")
    site.verbs.note(case, ANN, "still there")
    assert office.due(case) == "2026-12-10T12:00:00Z"


def test_a_site_that_runs_on_opens_cases_under_what_another_applied(office: Office) -> None:
    office.feeds("20261224")
    daemon = office.writes("{feed: off.ics}")
    first = office.case()
    other = office.writes("{feed: off.ics}")
    office.feeds("20261208")
    office.applies()
    other.close()
    office.site = daemon
    daemon.verbs.note(first, ANN, "still there")
    assert office.due(first) == office.due(office.case()) == "2026-12-10T12:00:00Z"


def test_a_feed_that_can_not_be_read_changes_nothing(office: Office) -> None:
    office.feeds("20261224")
    office.writes("{feed: off.ics}")
    case = office.case()
    (office.folder / "off.ics").write_text("<html>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"calendar 'office': the feed is no iCalendar") as caught:
        office.applies()
    assert caught.value.where == "off.ics"
    assert office.due(case) == "2026-12-09T12:00:00Z"


def test_a_policy_whose_feed_was_never_read_does_not_start(office: Office) -> None:
    site = office.writes("{feed: off.ics}")
    with pytest.raises(ConfigError, match=r"calendar 'office': the feed can't be read"):
        _ = site.book


def test_days_that_are_not_in_the_ledger_are_an_error_not_other_days(office: Office) -> None:
    site = office.writes("{country: CZ}")
    with pytest.raises(NotFound, match="no calendars of version calendar-4711"):
        site.book.of(site.policy.version, "calendar-4711")


def test_a_policy_without_calendars_has_no_calendar_version(office: Office) -> None:
    policy = "policy: Own\nseverities: {1: {name: Urgent}}\ndocument: [{heading: H}]\n"
    (office.folder / "own.yaml").write_text(policy, encoding="utf-8")
    office.site = office.open()
    assert office.version(office.case()) is None
    assert office.applies() == []


def test_a_feed_is_read_for_the_calendar_that_names_it() -> None:
    specs = load_policy(
        _POLICY.format(holidays="{feed: x.ics}", within="1 business hour")
    ).calendars
    days = listed(specs, {"x.ics": feed("20261224")}.__getitem__)
    assert days.specs["office"].holidays == ("2026-12-24",)
