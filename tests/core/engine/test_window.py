"""M-24 as the decider has it: each time is announced ahead, late ones at once, and what is off is told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.scene import BO, START, at, terms
from upheld.calendar.instant import DAY, HOUR, Instant, parse
from upheld.case.decision import Decision, Purpose, Send, Subject
from upheld.case.events import (
    UPHELD,
    Body,
    Event,
    Noted,
    Opened,
    StepResult,
    StepTaken,
    Ticked,
    WindowCancelled,
    WindowPlanned,
)
from upheld.case.window import Window as State
from upheld.engine.terms import Terms
from upheld.engine.window import decide_window

TERMS = terms("monitor: {window: {announce: 3 days ahead}}")
OPENED = Opened("window", "maintenance of www", "disks", customer="acme", enforced_from=START)
NAMES = ("acme/www", "acme/mail")


def planned(begins: float, hours: float = 4, recurs: str = "", zone: str = "UTC") -> WindowPlanned:
    return WindowPlanned(NAMES, at(begins), at(begins + hours), zone, recurs, "disks")


class Window:
    """A window in the hands of its decider; keeps what the ledger would keep."""

    def __init__(
        self,
        body: WindowPlanned,
        opened: Opened = OPENED,
        policy: Terms = TERMS,
        when: Instant = START,
    ) -> None:
        self.terms, self.subject = policy, Subject("W1", "window", 0, "v")
        self.sends: list[tuple[Instant, Send]] = []
        self.steps: list[StepTaken] = []
        self.looks: list[Instant] = []
        self.hears(opened, when)
        self.decision = self.hears(body, when)

    def hears(self, body: Body, when: Instant) -> Decision:
        actor = UPHELD if isinstance(body, Ticked) else BO
        event = Event(f"e{self.subject.seq}", when, when, actor, body)
        decision = decide_window(self.terms, self.subject, event)
        facts = self.subject.facts if isinstance(body, Ticked) else (*self.subject.facts, event)
        state = json.loads(json.dumps(decision.state))
        self.subject = replace(self.subject, seq=self.subject.seq + 1, facts=facts, state=state)
        self.sends += [(when, each) for each in decision.actions if isinstance(each, Send)]
        self.steps += [e.body for e in decision.follows if isinstance(e.body, StepTaken)]
        self.decision = decision
        return decision

    def until(self, when: Instant) -> None:
        """The clock looks whenever it is asked to."""
        while (wake := self.decision.wake_at) is not None and wake <= when:
            assert wake not in self.looks
            self.looks.append(wake)
            self.hears(Ticked(), wake)

    @property
    def results(self) -> list[tuple[Instant, StepResult, int]]:
        return [(step.due, step.result, step.late) for step in self.steps]


def standing(window: Window) -> State:
    return State.read(window.subject.state or {})


def said(send: Send) -> Any:
    return send.facts["window"]["times"]


def test_it_is_told_three_days_ahead_to_the_technical_contacts_once() -> None:
    window = Window(planned(100))
    assert window.sends == []
    window.until(at(1000))
    ((when, send),) = window.sends
    assert when == at(100) - 3 * DAY
    assert send == Send(
        f"W1/A-1/A-1/{at(100)}",
        Purpose.MAIL,
        ("customer.technical", "customer"),
        ("A-1",),
        at(100) - 3 * DAY,
        template="window",
        facts={
            "window": {
                "monitors": list(NAMES),
                "times": [[at(100), at(104)]],
                "rule": "",
                "reason": "disks",
            },
            "first_of": True,
        },
    )
    assert window.results == [(at(100) - 3 * DAY, StepResult.TAKEN, 0)]


def test_it_wakes_to_announce_as_it_begins_and_as_it_ends_and_then_no_more() -> None:
    window = Window(planned(100))
    states = [window.decision.listing.status]
    while window.decision.wake_at is not None:
        window.until(window.decision.wake_at)
        states.append(window.decision.listing.status)
    assert window.looks == [at(100) - 3 * DAY, at(100), at(104)]
    assert states == ["planned", "planned", "standing", "over"]


def test_planned_too_late_it_is_told_at_once_and_how_late() -> None:
    window = Window(planned(2))
    ((when, send),) = window.sends
    assert (when, send.due, send.late) == (START, at(2) - 3 * DAY, 3 * DAY - 2 * HOUR)
    assert window.results == [(at(2) - 3 * DAY, StepResult.TAKEN, 3 * DAY - 2 * HOUR)]


def test_each_time_is_told_and_those_that_fall_due_together_in_one_letter() -> None:
    window = Window(planned(24, recurs="FREQ=DAILY;COUNT=5"))
    window.until(at(1000))
    told = [(when, [begins for begins, _ in said(send)]) for when, send in window.sends]
    assert told == [
        (START, [at(24), at(48), at(72)]),
        (at(24), [at(96)]),
        (at(48), [at(120)]),
    ]


def test_the_rule_may_name_who_is_told() -> None:
    named = terms(
        "monitor: {window: {announce: 3 days ahead}, notify: [customer.escalation-manager]}"
    )
    ((_, send),) = Window(planned(1), policy=named).sends
    assert send.to == ("customer.escalation-manager",)
    assert "first_of" not in send.facts


def test_two_clauses_are_each_kept_at_their_time() -> None:
    both = terms(
        "monitor: {window: {announce: 3 days ahead}}", "monitor: {window: {announce: 1 day ahead}}"
    )
    window = Window(planned(100), policy=both)
    window.until(at(1000))
    assert [(when, send.clauses) for when, send in window.sends] == [
        (at(28), ("A-1",)),
        (at(76), ("A-2",)),
    ]


def test_our_own_machines_concern_no_customer() -> None:
    window = Window(planned(100), replace(OPENED, customer=None))
    window.until(at(1000))
    assert (window.sends, window.steps) == ([], [])
    assert window.looks == [at(100), at(104)]


# --- what is off ----------------------------------------------------------------------------------


def test_who_was_told_is_told_that_it_is_off() -> None:
    window = Window(planned(100))
    window.until(at(90))
    window.hears(WindowCancelled("the disks did not come"), at(91))
    (_, send) = window.sends[-1]
    assert (send.template, send.due, said(send)) == (
        "window-cancelled", at(91), [[at(100), at(104)]],
    )  # fmt: skip
    assert send.facts["window"]["reason"] == "the disks did not come"
    assert window.steps[-1].key == "W1/A-1/A-1/cancelled"
    assert (window.decision.listing.status, window.decision.wake_at) == ("cancelled", None)


def test_who_was_not_told_yet_hears_nothing_of_it() -> None:
    window = Window(planned(100))
    window.hears(WindowCancelled(), at(1))
    assert (window.sends, window.decision.wake_at) == ([], None)


def test_once_it_is_off_nothing_more_comes_of_it() -> None:
    window = Window(planned(100, recurs="FREQ=WEEKLY"))
    window.until(at(110))
    window.hears(WindowCancelled(), at(110))
    before = len(window.sends)
    window.hears(Ticked(), at(400))
    assert len(window.sends) == before == 2
    assert window.decision.listing.status == "cancelled"


def test_called_off_between_its_times_they_hear_that_it_comes_no_more() -> None:
    window = Window(planned(100, recurs="FREQ=WEEKLY"))
    window.until(at(110))
    window.hears(WindowCancelled(), at(111))
    (_, send) = window.sends[-1]
    assert (send.template, said(send)) == ("window-cancelled", [])


def test_called_off_while_it_stands_it_stands_no_more() -> None:
    window = Window(planned(1))
    window.until(at(2))
    assert window.decision.listing.status == "standing"
    window.hears(WindowCancelled("done early"), at(2.5))
    assert window.decision.listing.status == "cancelled"
    assert said(window.sends[-1][1]) == [[at(1), at(5)]]


# --- what was not to be sent ----------------------------------------------------------------------


def test_before_it_is_enforced_nothing_leaves_and_that_is_on_record() -> None:
    live = replace(TERMS, enforced_from=at(50))
    window = Window(planned(100), policy=live)
    window.until(at(40))
    assert window.sends == []
    assert [result for _, result, _ in window.results] == [StepResult.BEFORE_ENFORCEMENT]
    window.hears(WindowCancelled(), at(60))
    assert window.sends == []  # they never heard of it


def test_planned_before_we_are_live_and_due_after_it_is_told() -> None:
    window = Window(planned(200), policy=replace(TERMS, enforced_from=at(50)))
    window.until(at(150))
    assert [when for when, _ in window.sends] == [at(200) - 3 * DAY]


def test_what_went_by_while_nothing_ran_is_missed_and_not_announced_afterwards() -> None:
    window = Window(planned(100, recurs="FREQ=DAILY;COUNT=3"))
    window.hears(Ticked(), at(126))  # the first is over, the second stands
    assert [result for _, result, _ in window.results] == [StepResult.COLLAPSED, StepResult.TAKEN]
    ((_, send),) = window.sends
    assert said(send) == [[at(124), at(128)], [at(148), at(152)]]


# --- a single time that is off --------------------------------------------------------------------


def daily(count: int = 5) -> Window:
    return Window(planned(100, recurs=f"FREQ=DAILY;COUNT={count}"))


def test_a_time_that_is_off_is_not_announced_and_the_others_are() -> None:
    window = daily()
    window.hears(WindowCancelled("a holiday", at(148)), at(1))
    assert window.sends == []
    window.until(at(1000))
    told = [begins for _, send in window.sends for begins, _ in said(send)]
    assert told == [at(100), at(124), at(172), at(196)]
    assert {result for _, result, _ in window.results} == {StepResult.TAKEN}


def test_one_that_was_announced_is_called_off_by_itself() -> None:
    window = daily()
    window.until(at(60))
    before = len(window.sends)
    window.hears(WindowCancelled("a holiday", at(124)), at(61))
    ((_, send),) = window.sends[before:]
    assert (send.template, said(send)) == ("window-cancelled", [[at(124), at(128)]])
    assert (send.facts["window"]["single"], send.facts["window"]["reason"]) == (True, "a holiday")
    assert send.key == f"W1/A-1/A-1/cancelled/{at(124)}"
    assert window.decision.listing.status == "planned"
    window.until(at(1000))
    assert [begins for _, each in window.sends[before + 1 :] for begins, _ in said(each)] == [
        at(148),
        at(172),
        at(196),
    ]


def test_called_off_as_a_whole_what_is_off_already_is_not_told_again() -> None:
    window = daily()
    window.until(at(60))
    window.hears(WindowCancelled(time=at(100)), at(61))
    window.hears(WindowCancelled(), at(62))
    assert said(window.sends[-1][1]) == [[at(124), at(128)]]
    assert "single" not in window.sends[-1][1].facts["window"]


def test_a_time_that_stands_and_is_off_from_now_on_covers_what_failed_before() -> None:
    window = daily()
    window.until(at(101))
    window.hears(WindowCancelled(time=at(100)), at(102))
    found = standing(window)
    covers = [found.covers("acme/www", when) for when in (at(101), at(102) - 1, at(102), at(124))]
    assert covers == [True, True, False, True]
    assert (window.decision.listing.status, window.decision.listing.due) == ("planned", at(124))


def test_with_its_last_time_off_it_is_over() -> None:
    window = daily(count=2)
    window.until(at(110))
    window.hears(WindowCancelled(time=at(124)), at(110))
    assert (window.decision.listing.status, window.decision.wake_at) == ("over", None)


def test_of_two_clauses_only_that_which_has_told_of_it_takes_it_back() -> None:
    both = terms(
        "monitor: {window: {announce: 3 days ahead}}", "monitor: {window: {announce: 1 day ahead}}"
    )
    window = Window(planned(100, recurs="FREQ=DAILY;COUNT=3"), policy=both)
    window.until(at(60))
    window.hears(WindowCancelled(time=at(124)), at(60))
    called_off = [send.clauses for _, send in window.sends if send.template == "window-cancelled"]
    assert called_off == [("A-1",)]


@given(
    st.sampled_from(["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 365),
    st.sampled_from(
        ["FREQ=DAILY;COUNT=20", "FREQ=WEEKLY;COUNT=8", "FREQ=MONTHLY;BYDAY=1SU;COUNT=3"]
    ),
    st.lists(st.tuples(st.integers(0, 19), st.integers(-100, 30)), max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_off_each_other_time_is_told_once_and_none_that_is_off_covers(
    zone: str, day: int, rule: str, dropped: list[tuple[int, int]]
) -> None:
    """Over any change of the clocks; some are called off before they are announced, some after."""
    first = parse("2026-01-01T12:00:00Z") + day * DAY
    if "MONTHLY" in rule:
        first = parse("2026-02-01T12:00:00Z")
    opened = replace(OPENED, enforced_from=first - 10 * DAY)
    body = WindowPlanned(NAMES, first, first + HOUR, zone, rule)
    window = Window(body, opened, when=first - 10 * DAY)
    times = [*standing(window).times.after(0)]
    off: dict[Instant, Instant] = {}
    for index, hours in dropped:
        time = times[index % len(times)]
        off.setdefault(time.begins, max(first - 9 * DAY, time.begins + hours * HOUR))
    for begins, when in sorted(off.items(), key=lambda each: each[1]):
        window.until(when)
        window.hears(WindowCancelled(time=begins), when)
    window.until(times[-1].ends + DAY)
    told: Counter[tuple[str, Instant]] = Counter(
        (send.template or "", begins) for _, send in window.sends for begins, _ in said(send)
    )
    for time in times:
        since = off.get(time.begins)
        announced = since is None or since >= time.begins - 3 * DAY
        taken_back = since is not None and announced and since < time.ends
        assert told["window", time.begins] == announced
        assert told["window-cancelled", time.begins] == taken_back
        found = standing(window)
        assert found.covers("acme/www", time.ends - 1) == (since is None or since >= time.ends)
    assert window.decision.listing.status == "over"


# --- whatever happens -----------------------------------------------------------------------------


def test_late_is_remembered_with_what_was_promised() -> None:
    late = standing(Window(planned(2))).late
    assert late == (at(2) - 3 * DAY, START, at(6))
    assert standing(Window(planned(100))).late is None


def test_what_else_is_recorded_of_it_changes_nothing() -> None:
    window = Window(planned(100))
    before = window.decision
    after = window.hears(Noted("they wrote back"), at(1))
    assert (after.state, after.wake_at, after.actions) == (before.state, before.wake_at, ())


def test_one_that_was_erased_is_left_alone() -> None:
    bare = Subject("W1", "window", 3, "v")
    decision = decide_window(TERMS, bare, Event("t", START, START, UPHELD, Ticked()))
    assert decision == Decision({})


@pytest.mark.parametrize("zone", ["Europe/Prague", "America/New_York", "Australia/Lord_Howe"])
def test_a_year_of_sundays_is_told_each_once_and_ahead_in_every_zone(zone: str) -> None:
    begins = parse("2026-03-08T12:00:00Z")
    body = WindowPlanned(NAMES, begins, begins + HOUR, zone, "FREQ=WEEKLY;COUNT=52")
    window = Window(body)
    window.until(begins + 400 * DAY)
    told = [begins for _, send in window.sends for begins, _ in said(send)]
    assert len(set(told)) == len(told) == 52
    assert [when for when, _ in window.sends] == [each - 3 * DAY for each in told]
    assert window.decision.listing.status == "over"


@given(st.integers(-20, 200), st.lists(st.integers(1, 60), max_size=20))
def test_however_seldom_it_is_looked_at_each_time_is_dealt_with_once(
    begins: int, gaps: list[int]
) -> None:
    """Late looks tell the same times, and never one twice."""
    window, when = Window(planned(begins, recurs="FREQ=DAILY;COUNT=6")), START
    for gap in gaps:
        when += gap * HOUR
        decision = window.hears(Ticked(), when)
        assert decision.wake_at is None or decision.wake_at > when
    told = [each for _, send in window.sends for each, _ in said(send)]
    missed = [s.due + 3 * DAY for s in window.steps if s.result is StepResult.COLLAPSED]
    owed = [at(begins) + n * DAY for n in range(6) if at(begins) + n * DAY - 3 * DAY <= when]
    assert sorted([*told, *missed]) == owed
    assert len({step.key for step in window.steps}) == len(window.steps)
