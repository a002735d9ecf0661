"""``aim``: what is aimed at within what is promised, and the warning when it is up."""

from __future__ import annotations

from tests.core.engine.prague import opened, prague, runs, shown, tell, wall
from tests.core.engine.scene import Case
from upheld.case.events import (
    CustomerMessage,
    Event,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    WaitingOn,
    Warned,
)

AIMED = (
    "target: first_response, within: 6 business hours, aim: 4 business hours, calendar: office,"
    " pause_while: {waiting: customer}"
)
TOLD = "when: {warned: first_response}, do: [notify: lead]"
REPLY, WAIT = PublicReply("hello"), WaitingOn("customer")
KEY = "A-1/A-1/clock/1"


def case(*rules: str, when: str = "2026-03-02 09:00") -> Case:
    return opened(prague(*rules), when)


def wakes(found: Case) -> str:
    return shown(found.decision.wake_at)


def warnings(found: Case) -> list[tuple[str, bool]]:
    return [(shown(body.due), body.taken_back) for body in found.bodies(Warned)]


def test_when_it_is_up_that_is_recorded_and_the_limit_stays() -> None:
    found = case(AIMED, TOLD)
    assert wakes(found) == "2026-03-02 13:00"
    found.until(wall("2026-03-02 13:00"))
    (event,) = [each for each in found.follows if isinstance(each.body, Warned)]
    assert event.body == Warned(KEY, "A-1", "A-1", wall("2026-03-02 13:00"))
    assert event.at == wall("2026-03-02 13:00")
    assert found.results("A-2")[0][0] == wall("2026-03-02 13:00")
    assert wakes(found) == "2026-03-02 15:00"
    (run,) = runs(found, "2026-03-02 14:00")
    assert (shown(run.aimed_at), shown(run.warned_at)) == ("2026-03-02 13:00", "2026-03-02 13:00")
    found.until(wall("2026-03-02 15:00"))
    assert found.verdicts() == {KEY: "missed"}
    assert len(found.bodies(Warned)) == 1


def test_lists_show_it_until_the_target_is_met() -> None:
    found = case(AIMED)
    found.until(wall("2026-03-02 13:00"))
    assert found.decision.listing.warned == "first_response"
    tell(found, ("2026-03-02 14:00", REPLY))
    assert found.decision.listing.warned == ""


def test_without_an_aim_nobody_is_warned() -> None:
    found = case(AIMED.replace(" aim: 4 business hours,", ""))
    found.until(wall("2026-03-02 15:00"))
    assert found.bodies(Warned) == []


def test_met_by_then_there_is_no_warning() -> None:
    found = case(AIMED, TOLD)
    tell(found, ("2026-03-02 13:00", REPLY))
    assert (found.bodies(Warned), found.results("A-2")) == ([], [])


def test_it_walks_the_calendar_and_waits_with_its_clock() -> None:
    found = case(AIMED, when="2026-03-06 15:00")
    assert wakes(found) == "2026-03-09 10:00"
    tell(found, ("2026-03-06 16:00", WAIT))
    assert wakes(found) == "never"
    tell(found, ("2026-03-09 12:00", CustomerMessage("here")))
    assert wakes(found) == "2026-03-09 15:00"


def test_the_condition_holds_until_it_is_met() -> None:
    found = case(AIMED)
    found.until(wall("2026-03-02 14:00"))
    assert found.state(wall("2026-03-02 14:00")).warned == {"first_response"}
    tell(found, ("2026-03-02 14:30", REPLY))
    assert found.state(wall("2026-03-02 14:30")).warned == frozenset()


def test_another_severity_with_another_clock_is_not_warned_of() -> None:
    one = f"{AIMED}, for: {{severity: 1}}"
    two = "target: first_response, for: {severity: 2}, within: 9 business hours, calendar: office"
    found = case(one, two)
    found.until(wall("2026-03-02 13:30"))
    tell(found, ("2026-03-02 14:00", SeveritySet(2)))
    assert found.state(wall("2026-03-02 14:00")).warned == frozenset()
    assert warnings(found) == [("2026-03-02 13:00", False)]


def test_raised_when_the_aim_is_over_it_is_told_at_once_and_what_is_missed_is_not_warned_of() -> (
    None
):
    rule = f"{AIMED}, for: {{severity: 1}}"
    found = opened(prague(rule), "2026-03-02 09:00", severity=2)
    tell(found, ("2026-03-02 14:00", SeveritySet(1)))
    assert warnings(found) == [("2026-03-02 14:00", False)]
    late = opened(prague(rule), "2026-03-02 09:00", severity=2)
    tell(late, ("2026-03-02 16:00", SeveritySet(1)))
    assert (late.verdicts(), warnings(late)) == ({KEY: "missed"}, [])


def test_each_cycle_has_its_own() -> None:
    rule = AIMED.replace("first_response", "resolution")
    found = case(rule)
    found.until(wall("2026-03-02 13:30"))
    tell(found, ("2026-03-02 13:40", Resolved()), ("2026-03-03 08:00", Reopened()))
    found.until(wall("2026-03-03 12:30"))
    assert [body.key for body in found.bodies(Warned)] == [KEY, "A-1/A-1/clock/2"]


def test_news_that_comes_late_takes_a_warning_back_and_may_bring_it_again() -> None:
    found = case(AIMED)
    found.until(wall("2026-03-02 13:30"))
    found.happens(WAIT, wall("2026-03-02 12:00"), seen=wall("2026-03-02 13:30"))
    assert warnings(found) == [("2026-03-02 13:00", False), ("2026-03-02 13:00", True)]
    back: Event = found.follows[-1]
    assert back.at == wall("2026-03-02 13:30")
    tell(found, ("2026-03-02 14:00", CustomerMessage("here")))
    found.until(wall("2026-03-02 15:30"))
    assert warnings(found)[2:] == [("2026-03-02 15:00", False)]
