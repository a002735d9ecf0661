"""Hand-overs on record: who holds what, who is told, and that each is dealt with once, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.desk.scene import ANN, NOW, PAT, Desk
from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant
from upheld.case.events import UPHELD, Assigned, ShiftChanged
from upheld.case.override import Override
from upheld.daemon.sweep import Sweeper
from upheld.desk.shifts import HandingOver, Shifts
from upheld.directory import Directory
from upheld.directory.build import Written, build_directory
from upheld.directory.written import PersonEntry, RotationEntry
from upheld.ledger import Ledger, NewDelivery

PEOPLE: Final = ("ann", "bo", "cy")
TURNS: Final = {"people": ["ann", "bo"], "daily": "18:00", "zone": "UTC", "starts": "2026-12-06"}
#: At noon Ann has the turn that ends at six.
SIX: Final = NOW + 6 * HOUR


class Night:
    """A desk whose Operations Manager is a rotation, and the sweep that looks at it."""

    def __init__(self, desk: Desk, **rotation: Any) -> None:
        self.desk = desk
        self.rotation = RotationEntry.model_validate(rotation or TURNS)
        self.shifts.begin()
        self.sweep()

    @cached_property
    def directory(self) -> Directory:
        people = {name: PersonEntry.model_validate({"name": name.title()}) for name in PEOPLE}
        roles = {"operations-manager": ("ops",), "both": ("ops", "cy")}
        written = Written(people, roles, {"ops": self.rotation}, ())
        return build_directory(written).overridden(self._overrides)

    def _overrides(self, at: Instant) -> tuple[Override, ...]:
        with self.desk.ledger.reading() as tx:
            return tx.overrides(at)

    @property
    def shifts(self) -> Shifts:
        return Shifts(self.desk.records, self.directory)

    def sweep(self) -> int:
        return Sweeper(self.desk.records, None, self.shifts).sweep()

    def until(self, at: Instant) -> None:
        """Time passes from one wake to the next."""
        while (wake := self._next()) is not None and wake <= at:
            self.desk.clock.forward_to(max(wake, self.desk.clock.now()))
            self.sweep()
        self.desk.clock.forward_to(at)

    def _next(self) -> Instant | None:
        with self.desk.ledger.reading() as tx:
            return tx.next_wake()

    def severity_1(self, assignee: str) -> str:
        case = self.desk.opened(PAT, subject="Nobody can connect")
        self.desk.verbs.triage(case, ANN, 1)
        self.desk.clock.forward(seconds=1)
        if assignee:
            self.desk.verbs.assign(case, ANN, assignee)
        return case

    def told(self) -> list[tuple[Instant, tuple[str, ...], list[str]]]:
        """When who was to be told of which cases."""
        with self.desk.ledger.reading() as tx:
            items = [each for each in tx.items(limit=10_000) if each.template == "hand-over"]
        return [(each.due, each.to, each.facts["hand-over"]["cases"]) for each in items]

    def assignee(self, case: str) -> str | None:
        return self.desk.state(case).assignee


@pytest.fixture
def night(desk_on_both: Desk) -> Night:
    return Night(desk_on_both)


def test_what_the_role_has_stays_with_who_filled_it_and_the_next_is_told(night: Night) -> None:
    case = night.severity_1("operations-manager")
    night.until(SIX - 1)
    assert (night.told(), night.assignee(case)) == ([], "operations-manager")
    night.until(SIX)
    assert (night.told(), night.assignee(case)) == ([(SIX, ("bo",), [case])], "ann")
    with night.desk.ledger.reading() as tx:
        events = [each.event for each in tx.events(case) if each.event]
    (held,) = [e for e in events if isinstance(e.body, Assigned) and e.actor == UPHELD]
    assert held.body == Assigned("ann")


def test_it_is_dealt_with_once_whoever_looks_and_however_often(night: Night) -> None:
    night.severity_1("operations-manager")
    night.until(SIX)
    for _ in range(3):  # other daemons, and a restart of each
        night.shifts.begin()
        night.sweep()
    assert len(night.told()) == 1
    with night.desk.ledger.reading() as tx:
        assert tx.shift_of("ops") == "S1"
        found = [each.event.body for each in tx.events("S1") if each.event]
    assert len([body for body in found if isinstance(body, ShiftChanged)]) == 2


def test_what_another_also_has_stays_with_the_role(night: Night) -> None:
    """A role of two people at once is handed over by neither."""
    case = night.severity_1("both")
    night.until(SIX)
    assert night.assignee(case) == "both"


def test_a_case_that_nobody_has_waits_for_them_where_one_of_them_was_paged(night: Night) -> None:
    theirs, others = night.severity_1(""), night.severity_1("")
    ledger = night.desk.ledger
    for case, who in ((theirs, "ann"), (others, "cy")):
        with ledger.reading() as tx:
            key = next(each.key for each in tx.items(subject=case) if each.purpose == "page")
        delivery = NewDelivery(f"{key}>{who}", who, "page", "pager", who)
        ledger.retrying(lambda tx, k=key, d=delivery: tx.plan(k, [d]))  # type: ignore[misc]
    with ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE delivery SET state = 'accepted'")
        connection.exec_driver_sql("UPDATE subject SET assignee = NULL")
    with ledger.reading() as tx:
        found = HandingOver(night.directory, NOW).waiting(tx, "ops", "bo")
    assert [each.id for each in found] == [theirs]


def test_a_rotation_that_is_written_anew_is_looked_at_when_a_daemon_starts(night: Night) -> None:
    case = night.severity_1("operations-manager")
    other = Night.__new__(Night)
    other.desk, other.rotation = (
        night.desk,
        RotationEntry.model_validate(TURNS | {"people": ["bo"]}),
    )
    other.shifts.begin()
    other.sweep()
    assert other.told() == [(night.desk.clock.now(), ("bo",), [case])]
    assert other.assignee(case) == "ann"


def test_a_rotation_that_is_gone_is_looked_at_no_more(night: Night) -> None:
    gone = Night.__new__(Night)
    gone.desk = night.desk
    gone.directory = build_directory(Written({}, {}, {}, ()))
    night.desk.clock.forward_to(SIX)
    gone.sweep()
    with night.desk.ledger.reading() as tx:
        assert tx.next_wake() is None
    night.shifts.begin()  # and taken up again where it comes back
    night.sweep()
    assert night._next() == SIX + DAY


def test_an_override_wakes_every_rotation_and_no_case(night: Night) -> None:
    case = night.severity_1("operations-manager")
    with night.desk.ledger.reading() as tx:
        before = tx.case(case).wake_at
    now = night.desk.clock.now()
    new = Override(0, "ops", "cy", now, now + HOUR, "ann", "", now)
    night.desk.ledger.retrying(lambda tx: tx.add_override(new))
    assert night._next() == now
    with night.desk.ledger.reading() as tx:
        assert tx.case(case).wake_at == before
    night.until(now + 2 * HOUR)
    assert [to for _, to, _ in night.told()] == [("cy",)], "Ann had it when she came back"


@pytest.fixture(scope="module")
def anew(on_sqlite: Ledger) -> Callable[[], Desk]:
    return lambda: Desk(emptied(on_sqlite))


@given(pauses=st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_however_long_nothing_ran_each_look_tells_at_most_whoever_is_on_duty(
    anew: Callable[[], Desk], pauses: list[int]
) -> None:
    """And whoever holds the case is never told, nor anybody twice for one turn."""
    night = Night(anew())
    case = night.severity_1("operations-manager")
    with night.desk.ledger._engine.begin() as connection:  # its own clocks are not asked here
        connection.exec_driver_sql(f"UPDATE subject SET wake_at = NULL WHERE id = '{case}'")
    for pause in pauses:
        night.desk.clock.forward_to(night.desk.clock.now() + pause * MINUTE)
        before = len(night.told())
        night.sweep()
        now = night.desk.clock.now()
        on_duty = night.directory.resolve("ops", at=now)[0].id
        new = night.told()[before:]
        assert [to for _, to, _ in new] in ([], [(on_duty,)])
        assert all(on_duty != night.assignee(case) for _ in new)
        wake = night._next()
        assert wake is not None
        assert wake > now
    dues = [due for due, _, _ in night.told()]
    assert len(set(dues)) == len(dues)
