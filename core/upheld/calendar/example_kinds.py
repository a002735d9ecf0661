"""Kinds of examples: each knows what it expects, and asks a calendar for what is so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt

from upheld.calendar.business import ALWAYS, Calendar
from upheld.calendar.instant import SECOND, Instant, Span, instant, iso
from upheld.calendar.wall import from_wall, zone_named
from upheld.errors import ConfigError

#: An instant, a number of seconds, several of them, or (None) never.
Answer: TypeAlias = Any
Pause: TypeAlias = tuple[AwareDatetime, AwareDatetime | None]


class Example(BaseModel):
    """One example. ``got`` asks the calendar, ``expected`` tells what the contract says."""

    model_config = ConfigDict(extra="allow")
    id: str
    kind: str
    calendar: str = ""

    @property
    def expected(self) -> Answer:
        raise NotImplementedError

    def got(self, calendar: Calendar) -> Answer:
        raise NotImplementedError


class _Due(Example):
    expected_due: AwareDatetime | None

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_due)


class _Seconds(Example):
    expected_seconds: int

    @property
    def expected(self) -> Answer:
        return self.expected_seconds


class Add(_Due):
    """``seconds`` from ``start`` on."""

    start: AwareDatetime
    seconds: NonNegativeInt

    def got(self, calendar: Calendar) -> Answer:
        return iso(calendar.add(instant(self.start), self.seconds * SECOND))


class Elapsed(_Seconds):
    """What runs from ``start`` until ``end``."""

    start: AwareDatetime
    end: AwareDatetime

    def got(self, calendar: Calendar) -> Answer:
        return _seconds(calendar.elapsed(instant(self.start), instant(self.end)))


class CaseWithPauses(_Due):
    """A target of a case that was paused in between; a pause without an end lasts."""

    created: AwareDatetime
    pauses: list[Pause]
    targets_seconds: NonNegativeInt

    def got(self, calendar: Calendar) -> Answer:
        at, left = instant(self.created), self.targets_seconds * SECOND
        for begin, end in _merged(self.pauses, at):
            ran = calendar.elapsed(at, begin)
            if left < ran or left == ran > 0:
                break
            if end is None:
                return None
            at, left = max(at, end), left - ran
        return iso(calendar.add(at, left))


class ElapsedWithPauses(_Seconds):
    """What runs of a case until ``end``."""

    created: AwareDatetime
    pauses: list[Pause]
    end: AwareDatetime

    def got(self, calendar: Calendar) -> Answer:
        begin, end = instant(self.created), instant(self.end)
        return _seconds(calendar.elapsed(begin, end) - _paused(calendar, self.pauses, begin, end))


class PauseTotal(_Seconds):
    """How much business time lies in pauses."""

    pauses: list[tuple[AwareDatetime, AwareDatetime]]

    def got(self, calendar: Calendar) -> Answer:
        return _seconds(sum(calendar.elapsed(instant(a), instant(b)) for a, b in self.pauses))


class AddBusinessDays(_Due):
    """So many open days later at the same time of day, or (``end_of_working_day``) at closing."""

    start: AwareDatetime
    days: NonNegativeInt
    end_of_working_day: bool = False

    def got(self, calendar: Calendar) -> Answer:
        close = self.end_of_working_day
        return iso(calendar.day_after(instant(self.start), self.days, close=close))


class CaseBusinessDays(_Due):
    """The same of a case: then the business time of its pauses is added."""

    created: AwareDatetime
    days: NonNegativeInt
    pauses: list[tuple[AwareDatetime, AwareDatetime]]

    def got(self, calendar: Calendar) -> Answer:
        begin = instant(self.created)
        paused = sum(calendar.elapsed(instant(a), instant(b)) for a, b in self.pauses)
        return iso(calendar.add(calendar.day_after(begin, self.days), paused))


class Subtract(Example):
    """``seconds`` before ``start``."""

    start: AwareDatetime
    seconds: NonNegativeInt
    expected_instant: AwareDatetime = Field(alias="expected")

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_instant)

    def got(self, calendar: Calendar) -> Answer:
        return iso(calendar.back(instant(self.start), self.seconds * SECOND))


class SnapFixedDue(Example):
    """A due time given from outside moves to the next open instant."""

    start: AwareDatetime
    expected_instant: AwareDatetime = Field(alias="expected")

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_instant)

    def got(self, calendar: Calendar) -> Answer:
        return iso(calendar.opens(instant(self.start)))


class NextPeriod(Example):
    """What is open next, from ``start`` on."""

    start: AwareDatetime
    expected_period: tuple[AwareDatetime, AwareDatetime]

    @property
    def expected(self) -> Answer:
        return [_iso(each) for each in self.expected_period]

    def got(self, calendar: Calendar) -> Answer:
        opens = calendar.opens(instant(self.start))
        closes = calendar.closes(opens)
        return [iso(opens), None if closes is None else iso(closes)]


class WallToUtc(Example):
    """The instant at which clocks show ``local``, a wall time without an offset."""

    tz: str
    local: datetime
    expected_utc: AwareDatetime

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_utc)

    def got(self, calendar: Calendar) -> Answer:
        past = self.local - datetime.combine(self.local.date(), datetime.min.time())
        minutes, rest = divmod(past, timedelta(minutes=1))
        at = from_wall(self.local.date(), minutes, zone_named(self.tz))
        return iso(at + rest // timedelta(microseconds=1))


class BoundaryRule(Example):
    """A length that is full exactly when a period ends: it is due then, not when the next begins."""

    periods: list[tuple[AwareDatetime, AwareDatetime]] = Field(min_length=1)
    seconds: NonNegativeInt
    expected_due_earliest: AwareDatetime

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_due_earliest)

    def got(self, calendar: Calendar) -> Answer:
        left = self.seconds * SECOND
        for begin, end in self.periods:
            at, until = instant(begin), instant(end)
            if left <= ALWAYS.elapsed(at, until):
                return iso(ALWAYS.add(at, left))
            left -= ALWAYS.elapsed(at, until)
        return None


class _Changed(Example):
    created: AwareDatetime
    changed_at: AwareDatetime
    old_target_seconds: NonNegativeInt
    new_target_seconds: NonNegativeInt
    expected_old_due: AwareDatetime
    expected_new_due: AwareDatetime

    @property
    def expected(self) -> Answer:
        return {"old_due": _iso(self.expected_old_due), "new_due": _iso(self.expected_new_due)}


class PolicyChange(_Changed):
    """Another target from the beginning (``from_start``), with its warning where there is one."""

    warning_offset_seconds: int | None = None
    expected_old_warning: AwareDatetime | None = None
    expected_new_warning: AwareDatetime | None = None

    @property
    def expected(self) -> Answer:
        old, new = self.expected_old_warning, self.expected_new_warning
        warnings = {"old_warning": _iso(old), "new_warning": _iso(new)} if old and new else {}
        return super().expected | warnings

    def got(self, calendar: Calendar) -> Answer:
        begin, offset = instant(self.created), self.warning_offset_seconds
        old = calendar.add(begin, self.old_target_seconds * SECOND)
        new = calendar.add(begin, self.new_target_seconds * SECOND)
        found = {"old_due": iso(old), "new_due": iso(new)}
        if offset is not None and len(self.expected) > len(found):
            found |= {"old_warning": iso(_off(calendar, old, offset))}
            found |= {"new_warning": iso(_off(calendar, new, offset))}
        return found


class PriorityChange(_Changed):
    """Another target from ``changed_at`` on, to which what had run is carried."""

    def got(self, calendar: Calendar) -> Answer:
        begin, changed = instant(self.created), instant(self.changed_at)
        left = self.new_target_seconds * SECOND - calendar.elapsed(begin, changed)
        old = calendar.add(begin, self.old_target_seconds * SECOND)
        return {"old_due": iso(old), "new_due": iso(calendar.add(changed, max(0, left)))}


class ReopenRule(Example):
    """The clock of a case that was closed and opened again goes on (``continue``)."""

    original_due: AwareDatetime
    closed_at: AwareDatetime
    reopened_at: AwareDatetime
    expected_new_due: AwareDatetime

    @property
    def expected(self) -> Answer:
        return _iso(self.expected_new_due)

    def got(self, calendar: Calendar) -> Answer:
        left = calendar.elapsed(instant(self.closed_at), instant(self.original_due))
        return iso(calendar.add(instant(self.reopened_at), left))


class Unknown(Example):
    """Of a kind that is not known here: it is told so, and the others are answered."""

    @property
    def expected(self) -> Answer:
        return None

    def got(self, calendar: Calendar) -> Answer:
        raise ConfigError(f"there is no kind {self.kind!r}")


KINDS: Final[Mapping[str, type[Example]]] = {
    "add": Add,
    "elapsed": Elapsed,
    "case_with_pauses": CaseWithPauses,
    "elapsed_with_pauses": ElapsedWithPauses,
    "pause_total": PauseTotal,
    "add_business_days": AddBusinessDays,
    "case_business_days_with_pauses": CaseBusinessDays,
    "subtract": Subtract,
    "snap_fixed_due": SnapFixedDue,
    "next_period": NextPeriod,
    "wall_to_utc": WallToUtc,
    "boundary_rule": BoundaryRule,
    "policy_change": PolicyChange,
    "priority_change": PriorityChange,
    "reopen_rule": ReopenRule,
}


def _iso(when: datetime | None) -> str | None:
    return None if when is None else iso(instant(when))


def _seconds(span: Span) -> float:
    whole, rest = divmod(span, SECOND)
    return whole + rest / SECOND if rest else whole


def _off(calendar: Calendar, due: Instant, offset: int) -> Instant:
    """So many seconds after (or, below 0, before) a due time."""
    length = abs(offset) * SECOND
    return calendar.back(due, length) if offset < 0 else calendar.add(due, length)


def _merged(pauses: list[Pause], begin: Instant) -> list[tuple[Instant, Instant | None]]:
    """In order, none before the case began, and none twice."""
    found: list[tuple[Instant, Instant | None]] = []
    for start, end in sorted(pauses, key=lambda pause: pause[0]):
        at, until = max(begin, instant(start)), None if end is None else instant(end)
        if found and (found[-1][1] is None or at <= found[-1][1]):
            last = found[-1][1]
            end_of_both = None if last is None or until is None else max(last, until)
            found[-1] = (found[-1][0], end_of_both)
        elif until is None or until > at:
            found.append((at, until))
    return found


def _paused(calendar: Calendar, pauses: list[Pause], begin: Instant, end: Instant) -> Span:
    merged = _merged(pauses, begin)
    return sum(calendar.elapsed(at, min(end, until or end)) for at, until in merged)
