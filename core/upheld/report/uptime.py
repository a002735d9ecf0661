"""How a monitor was, stretch by stretch: derived from its facts, each of which says since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from upheld.calendar.instant import Instant, Span
from upheld.case.events import Event, Held, Raised, Released, Turned
from upheld.case.monitor import MonitorState


class Health(StrEnum):
    """How it was. ``planned``: down in a window; ``inconclusive``: nobody knows, and it counts as neither;
    ``unwatched``: paused, or no longer (not yet) watched."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    PLANNED = "planned"
    INCONCLUSIVE = "inconclusive"
    UNWATCHED = "unwatched"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One health from ``begins`` until before ``ends``.

    Of one that is down, ``case`` is the case that was opened for it or told of it, ``behind`` the monitor
    before it that failed, and ``outage`` counts the outages of the monitor.
    """

    begins: Instant
    ends: Instant
    health: Health
    case: str | None = None
    behind: str = ""
    outage: int = 0

    @property
    def length(self) -> Span:
        """How long it lasted."""
        return self.ends - self.begins

    def within(self, begins: Instant, ends: Instant) -> Stretch | None:
        """The part of it that lies there; None where none does."""
        first, last = max(self.begins, begins), min(self.ends, ends)
        return replace(self, begins=first, ends=last) if first < last else None


_HEALTH: Final = {
    MonitorState.UP.value: Health.UP,
    MonitorState.DEGRADED.value: Health.DEGRADED,
    MonitorState.DOWN.value: Health.DOWN,
    MonitorState.INCONCLUSIVE.value: Health.INCONCLUSIVE,
}
_WINDOW: Final = "window "
_BEHIND: Final = "behind "
#: What a fact that tells since when may correct: a failure what was taken for well until it was counted,
#: a recovery what was held until it was calm. What was inconclusive stays so.
_WELL: Final = frozenset({Health.UP, Health.DEGRADED})
_FAILING: Final = frozenset({Health.DOWN, Health.PLANNED})
_WRONG: Final = {
    Health.DOWN: _WELL | {Health.UNWATCHED},
    Health.PLANNED: _WELL | {Health.UNWATCHED},
    Health.UP: _WELL | _FAILING,
    Health.DEGRADED: _WELL | _FAILING,
}
#: In these an outage may go on without being one.
_BETWEEN: Final = frozenset({Health.INCONCLUSIVE, Health.PLANNED})


def uptime(facts: Sequence[Event], until: Instant, known: Instant | None = None) -> list[Stretch]:
    """The whole life of a monitor until ``until``, without holes: it begins with its first turn.

    ``known``: after this nothing was read that should have been, so that the rest is inconclusive.
    """
    found: list[Stretch] = []
    for at, turned, case in _turns(facts):
        if at < until and turned.state != MonitorState.SOFT_DOWN:
            _turn(found, at, turned, case, until)
    if known is not None:
        _correct(found, known, until, _WELL | _FAILING, Stretch(known, until, Health.INCONCLUSIVE))
    for begins, ends in _holds(facts, until):
        _correct(found, begins, ends, frozenset(Health), Stretch(begins, ends, Health.UNWATCHED))
    return list(_numbered(_joined(found)))


def _turns(facts: Sequence[Event]) -> list[tuple[Instant, Turned, str | None]]:
    """Each turn with the case that was told of it."""
    found: list[tuple[Instant, Turned, str | None]] = []
    for fact in sorted(facts, key=lambda each: each.order):
        match fact.body:
            case Turned() as turned:
                found.append((fact.at, turned, turned.open_case))
            case Raised(case=case) if found:
                found[-1] = (*found[-1][:2], case)
    return found


def _turn(
    found: list[Stretch], at: Instant, turned: Turned, case: str | None, until: Instant
) -> None:
    new = _stretch(at, turned, case, until)
    if turned.unseen is not None:
        lost = Stretch(turned.unseen, at, Health.INCONCLUSIVE)
        _correct(found, turned.unseen, at, _WELL | _FAILING, lost)
    since = min(turned.since, at)
    if found:
        _correct(found, since, at, _WRONG.get(new.health, frozenset()), new)
        _correct(found, at, until, frozenset(Health), new)
    else:
        found.append(replace(new, begins=since))


def _stretch(at: Instant, turned: Turned, case: str | None, until: Instant) -> Stretch:
    health = _HEALTH.get(turned.state, Health.UNWATCHED)
    if health is not Health.DOWN:
        return Stretch(at, until, health)
    if turned.excuse.startswith(_WINDOW):
        return Stretch(at, until, Health.PLANNED)
    behind = turned.excuse.removeprefix(_BEHIND) if turned.excuse.startswith(_BEHIND) else ""
    return Stretch(at, until, health, None if behind else case, behind)


def _correct(
    found: list[Stretch], begins: Instant, ends: Instant, wrong: frozenset[Health], new: Stretch
) -> None:
    """From ``begins`` until ``ends`` it was ``new``, where it was taken for something ``wrong``."""
    last: list[Stretch] = []
    while found and found[-1].ends > begins:
        last.append(found.pop())
    for each in reversed(last):
        part = each.within(begins, ends) if each.health in wrong else None
        if part is None:
            found.append(each)
            continue
        cut = (
            each.within(each.begins, part.begins),
            replace(new, begins=part.begins, ends=part.ends),
            each.within(part.ends, each.ends),
        )
        found += [piece for piece in cut if piece is not None]


def _holds(facts: Iterable[Event], until: Instant) -> Iterator[tuple[Instant, Instant]]:
    """When a person had it paused."""
    since: tuple[Instant, Instant] | None = None
    for fact in facts:
        if isinstance(fact.body, Held | Released) and since is not None:
            yield since[0], min(fact.at, since[1])
            since = None
        if isinstance(fact.body, Held):
            since = fact.at, until if fact.body.until is None else min(fact.body.until, until)
    if since is not None:
        yield since


def _joined(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one kind as one."""
    last: Stretch | None = None
    for each in found:
        if last is not None and replace(last, ends=each.ends) == replace(each, begins=last.begins):
            last = replace(last, ends=each.ends)
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _numbered(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """An outage goes on over what is inconclusive or planned, to the next time that it is well."""
    number, running = 0, False
    for each in found:
        if each.health is Health.DOWN:
            number += not running
            running = True
        elif each.health not in _BETWEEN:
            running = False
        yield replace(each, outage=number) if each.health is Health.DOWN else each
