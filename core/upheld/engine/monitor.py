"""``decide`` for a monitor: (terms, subject, event) -> Decision. Pure; time is in the event.

Readings are counted elsewhere; here is decided what a turn of state means. An outage opens a case where
a rule says so, and from then on the case speaks: its rules tell people, and the monitor tells the case of
each further turn. Where no case is opened the monitor itself tells those whom its rules name, of an outage,
of what comes before one, and of the end of both. Nothing is said while an excuse holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from upheld.calendar.instant import Instant, iso
from upheld.case.decision import (
    Action,
    Decision,
    Deed,
    Listing,
    OpenCase,
    Purpose,
    Send,
    Subject,
    Tell,
)
from upheld.case.events import (
    UPHELD,
    Body,
    Event,
    Held,
    Opened,
    Proposed,
    Provided,
    Released,
    Reopened,
    SeveritySet,
    StepResult,
    StepTaken,
    Turned,
    Watched,
)
from upheld.case.monitor import MonitorState
from upheld.case.opening import enforced, opening
from upheld.engine.messages import keys
from upheld.engine.terms import LATE, Terms
from upheld.policy.model import Clause, Monitor, When
from upheld.policy.watching import OUTAGE, WARNING, speaks, watching

#: What a monitor is, where nothing is said of it.
SERVERS: Final = "servers"
#: The template of what a monitor says itself.
TEMPLATE: Final = "watched"
#: What a case is told of; a soft failure is none yet.
_UNTOLD: Final = MonitorState.SOFT_DOWN
_DOWN, _DEGRADED, _UP = MonitorState.DOWN, MonitorState.DEGRADED, MonitorState.UP
#: What is known of it that its case is to know too.
_PASSED_ON: Final = ("system", "provider")
_HELD: Final = "paused"
_RETIRED: Final = "retired"
_SAYS: Final[Mapping[str, str]] = {_DOWN: OUTAGE, _DEGRADED: WARNING}
_GRAVITY: Final[Mapping[str, int]] = {"": 0, WARNING: 1, OUTAGE: 2}


@dataclass(frozen=True, slots=True)
class _Memory:
    """``said``: the gravest that people were told of the running episode, ``heard``: by which words of the
    rules they are named. ``out``: an outage runs of which something was made."""

    state: str = MonitorState.UNREAD.value
    out: bool = False
    said: str = ""
    heard: tuple[str, ...] = ()
    held: bool = False
    until: Instant | None = None

    @classmethod
    def read(cls, state: Mapping[str, Any] | None) -> _Memory:
        kept = dict(state or {})
        return cls(**{**kept, "heard": tuple(kept.get("heard", ()))})

    def write(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A monitor as it stands at an event, and what the event says of it."""

    terms: Terms
    subject: Subject
    event: Event
    opened: Opened
    fields: Mapping[str, str]
    enforced: bool

    @property
    def of(self) -> str:
        return self.fields.get("of") or SERVERS

    @property
    def rules(self) -> tuple[tuple[Clause, Monitor], ...]:
        return watching(self.terms.policy, self.of)

    @property
    def opens(self) -> tuple[tuple[Clause, Monitor], ...]:
        """The rules by which its outage is a case."""
        return tuple((clause, rule) for clause, rule in self.rules if rule.opens is not None)

    @property
    def name(self) -> str:
        return self.opened.subject

    def key(self, what: str) -> str:
        return f"{self.subject.id}/{what}/{self.event.id}"


@dataclass(slots=True)
class _Plan:
    """What comes of an event, as it is found."""

    memory: _Memory
    follows: list[Event] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)


def decide_monitor(terms: Terms, subject: Subject, event: Event) -> Decision:
    """What an event means for a monitor."""
    seen = _seen(terms, subject, event)
    plan = _Plan(_held(_Memory.read(subject.state), event))
    if isinstance(event.body, Turned):
        _turned(seen, event.body, plan)
    memory = plan.memory
    return Decision(
        state=memory.write(),
        follows=tuple(plan.follows),
        actions=tuple(plan.actions),
        deeds=tuple(plan.deeds),
        wake_at=memory.until,
        listing=_listing(seen, memory),
    )


def _seen(terms: Terms, subject: Subject, event: Event) -> _Seen:
    facts = (*subject.facts, event)
    opened = opening(facts)
    if opened is None:
        raise TypeError(
            f"monitor {subject.id} begins with its opening, which is not among its facts"
        )
    bodies = (fact.body for fact in facts)
    fields = {body.item: body.value for body in bodies if isinstance(body, Provided)}
    since = terms.enforced_from or 0
    acts = enforced(facts, event.at) and event.at >= since
    return _Seen(terms, subject, event, opened, fields, acts)


def _held(memory: _Memory, event: Event) -> _Memory:
    """Paused by a person, until an instant or until released."""
    match event.body:
        case Held(until=until) if until is None or until > event.seen:
            return replace(memory, held=True, until=until)
        case Released():
            return replace(memory, held=False, until=None)
    if memory.until is not None and event.seen >= memory.until:
        return replace(memory, held=False, until=None)
    return memory


def _listing(seen: _Seen, memory: _Memory) -> Listing:
    facts = seen.subject.facts
    status = _HELD if memory.held else memory.state
    return Listing(
        status=_RETIRED if seen.fields.get("watched") == "no" else status,
        customer=seen.opened.customer,
        title=seen.name,
        opened=facts[0].at if facts else seen.event.at,
    )


def _turned(seen: _Seen, turned: Turned, plan: _Plan) -> None:
    plan.memory = replace(plan.memory, state=turned.state)
    if turned.backs is not None and not plan.memory.held:
        plan.deeds.append(_tell(seen, turned.backs, "backs", _watched(seen, turned)))
    if plan.memory.held:
        return
    if turned.excuse and turned.state != _UP:  # when that is over, what still fails begins then
        plan.memory = replace(plan.memory, out=False)
        return
    begins = turned.state == _DOWN and not plan.memory.out
    plan.memory = replace(plan.memory, out=_out(turned, plan.memory))
    if turned.open_case is not None:
        plan.deeds += _told(seen, turned, turned.open_case, begins=begins)
    elif begins and seen.opens:
        plan.deeds.append(_opening(seen, turned))
    if turned.state == _UP or not (turned.open_case or (seen.opens and turned.state == _DOWN)):
        _say(seen, turned, plan)


def _out(turned: Turned, memory: _Memory) -> bool:
    """Whether an outage runs of which something was made; what is not known ends none."""
    return turned.state == _DOWN or (memory.out and turned.state not in {_UP, _DEGRADED})


# --- the case -----------------------------------------------------------------------------------


def _told(seen: _Seen, turned: Turned, case: str, *, begins: bool) -> Iterable[Deed]:
    """The open case hears of the turn; one that was resolved is open again where it was no solution."""
    if begins and turned.resolved:
        yield _tell(seen, case, "reopened", Reopened(f"{seen.name} is down again"))
    if turned.state != _UNTOLD:
        yield _tell(seen, case, "watched", _watched(seen, turned))


def _tell(seen: _Seen, case: str, what: str, body: Body) -> Tell:
    happened = seen.event
    return Tell(case, Event(seen.key(what), happened.at, happened.seen, UPHELD, body))


def _watched(seen: _Seen, turned: Turned) -> Watched:
    return Watched(
        seen.name,
        turned.state,
        turned.since,
        seen.of,
        turned.detail,
        turned.version,
        dict(turned.backups),
    )


def _opening(seen: _Seen, turned: Turned) -> OpenCase:
    """The case with its history; its severity and flags are those of the rules that open it."""
    key = seen.key("opens")
    opened = replace(
        seen.opened,
        subject=_headline(seen, turned),
        text=_history(seen, turned),
        nature="automatic",  # nobody wrote it: nobody is thanked for it
        enforced_from=seen.event.at if seen.enforced else None,
        calendar=None,
    )
    bodies: list[Body] = [_watched(seen, turned), *_marks(seen, turned)]
    bodies += [Provided(item, seen.fields[item]) for item in _PASSED_ON if seen.fields.get(item)]
    at, learned = seen.event.at, seen.event.seen
    facts = tuple(
        Event(f"{key}#watched{index}", at, learned, UPHELD, body)
        for index, body in enumerate(bodies)
    )
    return OpenCase(Event(key, at, learned, UPHELD, opened), opened, facts)


def _marks(seen: _Seen, turned: Turned) -> Iterable[Body]:
    for clause, rule in seen.opens:
        assert rule.opens is not None
        why = f"{turned.failed} requests in a row failed" if turned.failed > 1 else _said(turned)
        name, level = f"{clause.id}/{rule.name}", rule.opens.severity
        yield Proposed(severity=level, flags=rule.opens.flags, rule=name, reason=why)
        if level is not None:
            yield SeveritySet(level, f"{clause.id}: {why}")


def _headline(seen: _Seen, turned: Turned) -> str:
    return f"{seen.name} is down: {turned.detail}" if turned.detail else f"{seen.name} is down"


def _history(seen: _Seen, turned: Turned) -> str:
    lines = [
        f"Watched: {seen.name} ({seen.of}).",
        f"It fails since {iso(turned.since)}; {turned.failed} requests in a row failed.",
    ]
    asked = seen.fields.get("asked") or seen.opened.text
    lines += [asked] if asked else []
    lines += [
        f"{name}, which stands in for it, is {state.replace('_', ' ')}."
        for name, state in turned.backups.items()
    ]
    recent = [f"  {line}" for line in turned.recent]
    return "\n".join([*lines, "", "The last readings:", *recent] if recent else lines)


def _said(turned: Turned) -> str:
    return turned.detail or f"it is {turned.state}"


# --- what the monitor says itself ---------------------------------------------------------------


def _say(seen: _Seen, turned: Turned, plan: _Plan) -> None:
    """Each state of an episode once, the graver after the lesser, and its end to whoever heard of it."""
    heard = plan.memory.heard
    if turned.state == _UP:
        _speak(seen, turned, heard, plan)
        plan.memory = replace(plan.memory, said="", heard=())
        return
    said = _SAYS.get(turned.state, "")
    if _GRAVITY[said] <= _GRAVITY[plan.memory.said]:
        return
    whats = tuple(dict.fromkeys((*heard, *_audience(seen, said))))
    _speak(seen, turned, whats, plan)
    plan.memory = replace(plan.memory, said=said, heard=whats)


def _audience(seen: _Seen, said: str) -> tuple[str, ...]:
    """By which of its words a rule names those who hear of it. Where nobody hears of outages, whoever is
    warned hears of them too."""
    notifies = any(rule.notify for _, rule in seen.rules)
    return (said,) if said == WARNING or notifies else (WARNING,)


def _speak(seen: _Seen, turned: Turned, whats: Iterable[str], plan: _Plan) -> None:
    for what in whats:
        for clause, rule in seen.rules:
            said = speaks(rule, what)
            if said is not None:
                plan.follows.append(_step(seen, clause, said))
                plan.actions += _sends(seen, turned, clause, said) if seen.enforced else ()


def _step(seen: _Seen, clause: Clause, said: When) -> Event:
    event, key = seen.event, seen.key(f"{clause.id}/{said.name}")
    result = StepResult.TAKEN if seen.enforced else StepResult.BEFORE_ENFORCEMENT
    step = StepTaken(key, clause.id, said.name, event.at, result, max(0, event.seen - event.at))
    return Event(f"{key}~", event.at, event.seen, UPHELD, step)


def _sends(seen: _Seen, turned: Turned, clause: Clause, said: When) -> Iterable[Send]:
    """Under the keys by which reports find what a rule said."""
    event, key = seen.event, seen.key(f"{clause.id}/{said.name}")
    late = event.seen - event.at
    facts = {
        "monitor": seen.name,
        "state": turned.state,
        "since": turned.since,
        "detail": turned.detail,
        "recent": list(turned.recent),
    }
    for name, do in zip(keys(key, said.do), said.do, strict=True):
        send = Send(name, Purpose.NOTIFY, do.to, (clause.id,), event.at, template=TEMPLATE)
        yield replace(send, late=late if late >= LATE else 0, facts=facts)
