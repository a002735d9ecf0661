"""Maintenance as a person plans it: whom it concerns, what it covers, what makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import islice

import pytest

from tests.core.desk.scene import ANN, NOBODY, NOW, PAT, Desk, message
from upheld.calendar.instant import DAY, HOUR, Instant, Span, iso, moment
from upheld.calendar.occurrences import Occurrence
from upheld.case.events import StepResult, WindowCancelled
from upheld.case.monitor import Tally
from upheld.case.window import Window
from upheld.daemon.findings import Survey
from upheld.daemon.sweep import Sweeper
from upheld.desk.windows import Announced, Windows, announcements, covering
from upheld.errors import NotFound, Refusal
from upheld.ledger import MonitorRow
from upheld.plugin import Nature

WEB: Mapping[str, str | None] = {"acme/www": "acme"}


def plan(
    desk: Desk,
    monitors: Mapping[str, str | None] = WEB,
    begins: Span = 4 * DAY,
    hours: float = 4,
    recurs: str = "",
) -> tuple[str, ...]:
    times = Occurrence(NOW + begins, NOW + begins + round(hours * HOUR))
    windows = Windows(desk.records)
    return windows.plan(monitors, ANN, times, zone="UTC", recurs=recurs, reason="new disks")


def covered(desk: Desk, name: str, at: Instant) -> str:
    with desk.ledger.reading() as tx:
        return covering(tx, name, at)


def test_each_customer_has_a_window_of_their_own_and_so_have_we(desk: Desk) -> None:
    many = {**WEB, "acme/mail": "acme", "borealis/www": "borealis", "router": None}
    assert plan(desk, many) == ("W1", "W2", "W3")
    with desk.ledger.reading() as tx:
        found = {each.customer: each for each in tx.windows()}
    assert found[None].state["monitors"] == ["router"]
    assert found["acme"].state["monitors"] == ["acme/mail", "acme/www"]
    assert found["acme"].title == "maintenance of mail, www"
    assert "acme" not in str(found["borealis"].state)


def test_it_is_of_the_customers_own_agreement(desk: Desk) -> None:
    (window,) = plan(desk)
    opened = desk.last("opened", window).body
    assert (opened.customer_kind, opened.enforced_from) == ("isp", NOW)
    assert desk.kinds(window) == ["opened", "window_planned"]


def test_it_covers_its_own_monitors_while_it_stands(desk: Desk) -> None:
    (window,) = plan(desk)
    begins, ends = NOW + 4 * DAY, NOW + 4 * DAY + 4 * HOUR
    assert [covered(desk, "acme/www", at) for at in (begins - 1, begins, ends - 1, ends)] == [
        "", window, window, "",
    ]  # fmt: skip
    assert covered(desk, "acme/mail", begins) == ""


def test_of_two_that_cover_it_the_one_that_lasts_longer_tells(desk: Desk) -> None:
    plan(desk)
    (longer,) = plan(desk, hours=5)
    assert covered(desk, "acme/www", NOW + 4 * DAY) == longer


def test_one_that_comes_again_covers_each_of_its_times(desk: Desk) -> None:
    (window,) = plan(desk, recurs="FREQ=WEEKLY")
    assert covered(desk, "acme/www", NOW + 32 * DAY) == window
    assert covered(desk, "acme/www", NOW + 33 * DAY) == ""


def test_one_that_is_off_covers_nothing_any_more(desk: Desk) -> None:
    (window,) = plan(desk, begins=0)
    desk.clock.forward_to(NOW + HOUR)
    Windows(desk.records).cancel(window.lower(), ANN, "done early")
    assert covered(desk, "acme/www", NOW + HOUR) == ""
    assert desk.last("window_cancelled", window).actor == ANN
    with pytest.raises(Refusal, match="W1 is cancelled already"):
        Windows(desk.records).cancel(window, ANN)


def test_one_that_is_over_is_not_cancelled_also_before_anybody_looked(desk: Desk) -> None:
    (window,) = plan(desk, begins=0)
    desk.clock.forward_to(NOW + DAY)
    with pytest.raises(Refusal, match="W1 is over already"):
        Windows(desk.records).cancel(window, ANN)


@pytest.mark.parametrize("recurs", ["", "FREQ=WEEKLY"])
def test_said_between_two_seconds_it_begins_with_the_one_that_runs(desk: Desk, recurs: str) -> None:
    desk.clock.forward_to(NOW + 750_000)
    (window,) = plan(desk, begins=750_000, hours=1, recurs=recurs)
    body = desk.last("window_planned", window).body
    assert (body.begins, body.ends) == (NOW, NOW + HOUR)
    assert covered(desk, "acme/www", desk.clock.now()) == window


def begins(desk: Desk) -> list[Instant]:
    """Its next three times."""
    with desk.ledger.reading() as tx:
        (found,) = tx.windows()
    return [time.begins for time in islice(Window.read(found.state).after(desk.clock.now()), 3)]


def test_a_single_time_is_called_off_by_its_day(desk: Desk) -> None:
    (window,) = plan(desk, recurs="FREQ=WEEKLY")
    first = NOW + 4 * DAY
    day = moment(first).date()
    Windows(desk.records).cancel(window, ANN, "a holiday", on=day)
    assert begins(desk) == [first + weeks * 7 * DAY for weeks in (1, 2, 3)]
    assert desk.last("window_cancelled", window).body == WindowCancelled("a holiday", first)
    Windows(desk.records).cancel(window, ANN, on=day + timedelta(days=14))
    assert begins(desk) == [first + weeks * 7 * DAY for weeks in (1, 3, 4)]
    assert covered(desk, "acme/www", first) == covered(desk, "acme/www", first + 14 * DAY) == ""
    assert covered(desk, "acme/www", first + 7 * DAY) == window


@pytest.mark.parametrize("days", [1, -7, 4000])
def test_on_a_day_on_which_it_does_not_begin_nothing_is_called_off(desk: Desk, days: int) -> None:
    (window,) = plan(desk, recurs="FREQ=WEEKLY")
    on = moment(NOW + 4 * DAY).date() + timedelta(days=days)
    with pytest.raises(Refusal, match=f"W1 does not begin on {on}"):
        Windows(desk.records).cancel(window, ANN, on=on)
    assert begins(desk)[0] == NOW + 4 * DAY


def test_a_time_that_is_off_or_over_is_not_called_off_again(desk: Desk) -> None:
    (window,) = plan(desk, begins=0, recurs="FREQ=DAILY")
    today, tomorrow = (moment(NOW + days * DAY).date() for days in (0, 1))
    Windows(desk.records).cancel(window, ANN, on=tomorrow)
    desk.clock.forward_to(NOW + 5 * HOUR)
    for on in (today, tomorrow):
        with pytest.raises(Refusal, match="does not begin"):
            Windows(desk.records).cancel(window, ANN, on=on)


def test_one_that_takes_place_once_is_called_off_as_a_whole(desk: Desk) -> None:
    (window,) = plan(desk)
    with pytest.raises(Refusal, match="takes place once"):
        Windows(desk.records).cancel(window, ANN, on=moment(NOW + 4 * DAY).date())


def test_called_off_while_it_stands_a_single_time_is_read_at_once_too(desk: Desk) -> None:
    (window,) = plan(desk, begins=0, recurs="FREQ=DAILY")
    watched(desk)
    desk.clock.forward_to(NOW + HOUR)
    Windows(desk.records).cancel(window, ANN, on=moment(NOW).date())
    assert due(desk) == NOW + HOUR


def late(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.ledger.reading() as tx:
        found = Survey(tx, desk.clock.now(), ()).announced_late()
        return [(each.family, each.what, each.mark) for each in found]


def test_what_was_announced_late_is_found_until_it_is_over(desk: Desk) -> None:
    plan(desk, begins=4 * DAY)
    assert late(desk) == []
    plan(desk, begins=DAY)
    ((family, what, mark),) = late(desk)
    assert family == "announced late: W2"
    assert what == (
        f"W2, maintenance of www of acme: announced {iso(NOW)}, and promised for {iso(NOW - 2 * DAY)};"
        " see `upheld monitors window list`"
    )
    desk.clock.forward_to(NOW + DAY + 3 * HOUR)
    assert late(desk) == [(family, what, mark)], "the same, so that it is told once"
    desk.clock.forward_to(NOW + DAY + 4 * HOUR)
    assert late(desk) == []


def test_that_nobody_hears_of_ours_is_not_late(desk: Desk) -> None:
    plan(desk, {"router": None}, begins=DAY)
    assert late(desk) == []


@pytest.mark.parametrize("name", ["W9", "C1"])
def test_what_is_no_window_is_not_cancelled(desk: Desk, name: str) -> None:
    desk.entered()
    with pytest.raises(NotFound, match=f"no window {name}"):
        Windows(desk.records).cancel(name, ANN)


@pytest.mark.parametrize(
    ("begins", "hours", "recurs", "why"),
    [
        (DAY, 0, "", "ends before it begins"),
        (-HOUR, 4, "", "what has failed already is not excused"),
        (DAY, 1, "every week", "no recurrence of it: it has no FREQ"),
        (DAY, 30, "FREQ=DAILY", "again before it is over"),
    ],
)
def test_what_makes_no_sense_is_refused(
    desk: Desk, begins: Span, hours: float, recurs: str, why: str
) -> None:
    with pytest.raises(Refusal, match=why):
        plan(desk, begins=begins, hours=hours, recurs=recurs)
    with desk.ledger.reading() as tx:
        assert tx.windows(ahead=False) == []


def test_without_a_monitor_there_is_nothing_to_plan(desk: Desk) -> None:
    with pytest.raises(Refusal, match="no monitor is named"):
        plan(desk, {})


def watched(desk: Desk, due: Instant = NOW + DAY) -> None:
    """It is watched, and read next at ``due``."""
    with desk.ledger.transaction() as tx:
        tx.watch(MonitorRow("acme/www", "M1", "acme", due, 0, Tally()))


def due(desk: Desk) -> Instant | None:
    with desk.ledger.reading() as tx:
        (row,) = tx.monitors(["acme/www"])
    return row.due


def test_as_it_ends_what_it_covered_is_read_at_once(desk: Desk) -> None:
    plan(desk, begins=0)
    watched(desk)
    sweeper = Sweeper(desk.records)
    for hours, expected in ((1, NOW + DAY), (4, NOW + 4 * HOUR)):
        desk.clock.forward_to(NOW + hours * HOUR)
        sweeper.sweep()
        assert due(desk) == expected


def test_neither_an_announcement_nor_its_beginning_is_a_reason_to_look(desk: Desk) -> None:
    plan(desk, begins=4 * DAY)
    watched(desk, NOW + 9 * DAY)
    for at in (DAY, 4 * DAY):
        desk.clock.forward_to(NOW + at)
        assert Sweeper(desk.records).sweep() == 1
        assert due(desk) == NOW + 9 * DAY


def test_called_off_while_it_stands_what_it_covered_is_read_at_once(desk: Desk) -> None:
    (window,) = plan(desk, begins=0)
    watched(desk)
    desk.clock.forward_to(NOW + HOUR)
    Windows(desk.records).cancel(window, ANN)
    assert due(desk) == NOW + HOUR


def test_what_came_of_announcing_it_is_told(desk: Desk) -> None:
    (late,) = plan(desk, begins=DAY)
    with desk.ledger.reading() as tx:
        assert announcements(tx, late) == [
            Announced("M-24", NOW - 2 * DAY, StepResult.TAKEN, 2 * DAY)
        ]


def test_a_customer_who_answers_an_announcement_opens_a_case(desk: Desk) -> None:
    (window,) = plan(desk, begins=DAY)
    desk.ledger.retrying(lambda tx: tx.bind_thread("mailbox", "<announced>", window))
    desk.take(message(PAT, "Re: Planned maintenance", thread=("<announced>",)))
    assert [case.title for case in desk.cases()] == ["Re: Planned maintenance"]
    assert "customer_message" not in desk.kinds(window)


def test_a_stranger_who_does_is_referred_and_a_machine_is_kept(desk: Desk) -> None:
    (window,) = plan(desk, begins=DAY)
    desk.ledger.retrying(lambda tx: tx.bind_thread("mailbox", "<announced>", window))
    desk.take(message(NOBODY, "Who are you?", thread=("<announced>",)))
    desk.take(message(PAT, "Out of office", thread=("<announced>",), nature=Nature.AUTOMATIC))
    assert desk.cases() == []
    assert [each.fate for each in desk.kept()] == ["referred", "refused"]
    assert desk.kinds(window) == ["opened", "window_planned"]
