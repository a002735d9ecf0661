"""What a case is judged by: a policy with its calendars compiled, and what the site adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.calendar import ALWAYS, Calendar, compile_calendar
from upheld.calendar.days import Days
from upheld.calendar.instant import Instant, Span
from upheld.calendar.outside import outside
from upheld.calendar.version import Calendars
from upheld.calendar.wall import zone_named
from upheld.engine.desks import desk_of
from upheld.engine.instants import promised
from upheld.engine.meter import Meter
from upheld.errors import ConfigError
from upheld.policy.asking import questions
from upheld.policy.desks import DESK, calendars_of
from upheld.policy.model import (
    AnyRule,
    Clause,
    Do,
    Every,
    Intake,
    Offers,
    Policy,
    Require,
    Target,
    Verb,
    When,
)
from upheld.policy.times import Business, BusinessDays, Duration, Elapsed
from upheld.policy.watching import spoken, told

#: A step that comes later than this is "late": its message says so. Ten times a slow sweep.
LATE: Final[Span] = 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy ready to be decided by.

    ``enforced_from`` is the instant since when the whole site is enforced (it left shadow mode,
    was restored …); a case is enforced from the later of this and its own.
    """

    policy: Policy
    calendars: Mapping[str, Calendar]
    enforced_from: Instant | None = None
    outsides: Mapping[str, Calendar] = field(default_factory=dict)
    whens: tuple[tuple[Clause, When], ...] = field(default=())
    aheads: tuple[tuple[Clause, When], ...] = field(default=())
    everies: tuple[tuple[Clause, Every], ...] = field(default=())
    targets: tuple[tuple[Clause, Target], ...] = field(default=())
    dos: Mapping[tuple[str, str], tuple[Do, ...]] = field(default_factory=dict)
    gated: frozenset[str] = frozenset()

    def does(self, track: str) -> tuple[Do, ...] | None:
        """What the rule of a step's track does; None where the track is no rule's."""
        clause, name = track.split("/")[:2]
        return self.dos.get((clause, name))

    def reach(self, length: Duration, calendar: str | None) -> tuple[Calendar, Span]:
        """The calendar that a duration runs on, and how much of it."""
        match length:
            case Elapsed(span=span):
                return ALWAYS, span
            case Business(span=span):
                return self._calendar(calendar), span
            case BusinessDays(days=days):
                found = self._calendar(calendar)
                if found.day is None:
                    raise ConfigError(
                        f"calendar {found.name!r} has no day length",
                        do_next="add `day: 9 hours` (or whatever a working day has) to it",
                    )
                return found, days * found.day

    def hours(self, rule: Target, desk: str | None = None) -> str | None:
        """The calendar on which a target's clock runs while ``desk`` has the case."""
        found = desk_of(self.policy, desk) if rule.calendar == DESK else None
        return found.calendar if found else rule.calendar

    def meter(self, rule: Target, desk: str | None = None) -> Meter:
        """How a target's clock fills; one towards an instant has its length once it started."""
        if rule.within is None:
            return Meter(((ALWAYS, 0),))
        name = self.hours(rule, desk)
        lanes = [self.reach(rule.within, name)]
        if rule.outside_hours is not None:
            lanes.append((self.outsides[name or ""], rule.outside_hours.span))
        return Meter(tuple(lanes))

    def until(self, rule: Target, start: Instant, desk: str | None = None) -> Meter:
        """How a clock fills that began at ``start``, towards the instant that its target names."""
        if rule.by is None:
            raise ValueError(f"{rule.name} has no `by`")
        name = self.hours(rule, desk)
        zone = zone_named(self.policy.calendars[name or ""].zone)
        days = Days(self._calendar(name), zone)
        return Meter(((ALWAYS, promised(rule.by, days, start) - start),))

    def _calendar(self, name: str | None) -> Calendar:
        if name is None or name not in self.calendars:
            raise ConfigError(f"no calendar {name!r} in policy {self.policy.name!r}")
        return self.calendars[name]


def compile_terms(policy: Policy, *, enforced_from: Instant | None = None) -> Terms:
    """The terms of a policy; calendars that no rule uses are not compiled."""
    rules = [(clause, rule) for clause in policy.clauses for rule in clause.rules]
    asking = questions(policy)
    of_rules = (name for _, rule in rules for name in calendars_of(policy, rule))
    calendars = {
        name: compile_calendar(policy.calendars[name])
        for name in sorted({*of_rules, *(desk.calendar for desk in policy.desks.values())})
    }
    twofold = {
        name
        for _, rule in rules
        if isinstance(rule, Target) and rule.outside_hours
        for name in calendars_of(policy, rule)
    }
    return Terms(
        policy=policy,
        calendars=calendars,
        enforced_from=enforced_from,
        outsides={name: outside(calendars[name]) for name in sorted(twofold)},
        whens=(
            *((c, r) for c, r in rules if isinstance(r, When) and r.before is None),
            *asking,
            *told(policy),
        ),
        aheads=tuple((c, r) for c, r in rules if isinstance(r, When) and r.before is not None),
        everies=tuple((c, r) for c, r in rules if isinstance(r, Every)),
        targets=tuple((c, r) for c, r in rules if isinstance(r, Target) and not r.promises_none),
        dos={(c.id, r.name): r.do for c, r in _doing(policy)},
        gated=frozenset(r.before for _, r in rules if isinstance(r, Require)),
    )


def _doing(policy: Policy) -> Iterable[tuple[Clause, When | Every]]:
    """All that does something: rules, what requirements ask, what monitors say."""
    for clause in policy.clauses:
        yield from ((clause, rule) for rule in clause.rules if isinstance(rule, When | Every))
    yield from (*questions(policy), *spoken(policy))


def on_days(terms: Terms, calendars: Calendars) -> Terms:
    """The same terms with the days of a calendar version."""
    policy = replace(terms.policy, calendars=calendars.specs)
    return compile_terms(policy, enforced_from=terms.enforced_from)


def not_enforced(policy: Policy) -> tuple[tuple[Clause, AnyRule, str], ...]:
    """Rules that are read and kept but not enforced by this version, each with what it lacks."""
    return tuple(
        (clause, rule, lack)
        for clause in policy.clauses
        for rule in clause.rules
        if (lack := _lack(rule))
    )


def _lack(rule: AnyRule) -> str:
    return next((what for what, lacks in _LACKS.items() if lacks(rule)), "")


#: What a step does not do by itself yet.
NOT_CARRIED_OUT: Final = frozenset({Verb.NUMBER, Verb.OPEN})
_LACKS: Final[Mapping[str, Callable[[AnyRule], bool]]] = {
    "`open` and `number` as actions": lambda rule: (
        isinstance(rule, When | Every) and any(do.verb in NOT_CARRIED_OUT for do in rule.do)
    ),
    "`refer` for what a machine wrote": lambda rule: (
        isinstance(rule, Intake)
        and bool(set(rule.nature) - {"normal"})
        and any(do.verb is Verb.REFER for do in rule.do)
    ),
    "the portal": lambda rule: isinstance(rule, Offers),
}
