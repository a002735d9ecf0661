"""Who is tried next with a message: a pure choice from how its sendings stand, and the time.

A step decides that somebody is paged; its *delivery* is all that is then tried until somebody answers:
the next way of a person, then the next person. Acknowledgement stops it for as long as it holds, and
begins it anew where nobody worked meanwhile. Nothing here remembers: whoever decides again from the
same sendings decides the same, which is what makes a crash between two commits harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span
from upheld.dispatch.routes import Way
from upheld.ledger import UNFINISHED, DeliveryState
from upheld.plugin import Channel

_FAILED: Final = frozenset({DeliveryState.DEAD, DeliveryState.FAILED})
#: It arrived: what is left to wait for is the acknowledgement.
_ARRIVED: Final = frozenset({DeliveryState.DELIVERED, DeliveryState.ACKNOWLEDGED})
#: A person took it off the list: they have decided, and nobody decides for them again.
_GIVEN_UP: Final = frozenset({DeliveryState.DROPPED})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one way may take: until it is ``delivered``, and until it is ``acknowledged``, both
    counted from its going out; and how long an acknowledgement holds while nobody works.

    Other lengths until it is acknowledged are ``by_severity``, and before these ``by_channel``: a mail is
    read later than a call is taken.
    """

    delivered: Span = 2 * MINUTE
    acknowledged: Span = 5 * MINUTE
    holds: Span = 30 * MINUTE
    by_channel: Mapping[Channel, Span] = field(default_factory=dict)
    by_severity: Mapping[int, Span] = field(default_factory=dict)

    def at(self, severity: int | None) -> Patience:
        """What counts for a case of this severity."""
        found = self.by_severity.get(severity or 0)
        return self if found is None else replace(self, acknowledged=found)

    def of(self, attempt: Attempt) -> Span:
        """How long this one may take to come further than it has."""
        answered = self.by_channel.get(attempt.way.channel, self.acknowledged)
        under_way = attempt.state in UNFINISHED or attempt.tells
        if attempt.state in _ARRIVED or not under_way:
            return answered
        return min(self.delivered, answered)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of the message. ``since`` is when it was planned, then first tried, then answered;
    ``tells`` whether its provider says later what became of it; ``stopped``: its connection is, so that it
    waits for a person. A ``lap`` begins when an acknowledgement has expired."""

    person: str
    way: Way
    state: DeliveryState
    since: Instant
    tells: bool = False
    lap: int = 1
    detail: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody has it ``since`` then. Once that has expired the page goes on after the sending that is to
    be ``repeated``, and then with these ``others``; nothing goes on where another page of the case does."""

    since: Instant
    repeated: Attempt | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pursuit:
    """A message and whoever it may go to: its sendings so far, the ways of each person in their order,
    who comes ``then``, and who is told at ``last`` where it is known that it reached nobody.

    ``patience`` is None for what nobody has to answer: then only a failure moves on. ``worked``: the
    tracker shows work, so that an acknowledgement does not expire. ``held``: what was acknowledged, where
    more is known of it than how the sendings stand.
    """

    attempts: Sequence[Attempt]
    ways: Mapping[str, Sequence[Way]]
    patience: Patience | None = None
    then: Sequence[str] = ()
    last: Sequence[str] = ()
    worked: bool = False
    held: Held | None = None

    def passed_on(self, attempt: Attempt) -> bool:
        """Whether whoever got it has passed it on since, over whatever way."""
        passed = (each for each in self.attempts if each.state is DeliveryState.PASSED)
        return any(e.person == attempt.person and e.since >= attempt.since for e in passed)


@dataclass(frozen=True, slots=True)
class Try:
    """To be sent now to ``person`` over ``way``, because ``after`` did not do, and ``why``."""

    person: str
    way: Way
    lap: int
    after: Attempt
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be sent now, and when to look again. ``unanswered`` is the last attempt where there is
    nobody left to try, and ``why`` what is wrong with it."""

    tries: tuple[Try, ...] = ()
    wake_at: Instant | None = None
    unanswered: Attempt | None = None
    why: str = ""


def decide(pursuit: Pursuit, now: Instant) -> Verdict:
    """What to do at ``now``; the same for every caller that sees the same sendings."""
    lap = max((each.lap for each in pursuit.attempts), default=1)
    held = _held(pursuit)
    if held is None:
        return _going_on(pursuit, lap, now)
    if pursuit.patience is None or pursuit.worked:
        return Verdict()
    expires = held.since + pursuit.patience.holds
    if now < expires:
        return Verdict(wake_at=expires)
    if any(each.lap == lap and each.since >= expires for each in pursuit.attempts):
        return _going_on(pursuit, lap, now)
    return _anew(pursuit, held.repeated, lap + 1, now)


def _held(pursuit: Pursuit) -> Held | None:
    """The acknowledgement that came last."""
    acknowledged = (a for a in pursuit.attempts if a.state is DeliveryState.ACKNOWLEDGED)
    own = [Held(each.since, each) for each in acknowledged if not pursuit.passed_on(each)]
    said = [] if pursuit.held is None else [pursuit.held]
    return max((*said, *own), key=lambda each: each.since, default=None)


def _anew(pursuit: Pursuit, repeated: Attempt | None, lap: int, now: Instant) -> Verdict:
    """Whoever acknowledged is reminded first, on the first of their ways; by one page of a case alone."""
    if repeated is None:
        return Verdict()
    person, why = repeated.person, "acknowledged, and not worked since"
    ways = pursuit.ways.get(person, ())
    if not ways:  # they are not among our people any more, or what reached them may not leave now
        return _next_person(pursuit, lap, (repeated, why), now)
    return _trying(pursuit, (Try(person, ways[0], lap, repeated, why),), (), now)


def _going_on(pursuit: Pursuit, lap: int, now: Instant) -> Verdict:
    """Each person by themselves; once all ways of all of them are used up, the next person."""
    latest = {each.person: each for each in pursuit.attempts if each.lap == lap}
    tries: list[Try] = []
    waits: list[Instant] = []
    used_up: list[tuple[Attempt, str]] = []
    for attempt in latest.values():
        until, why = _until(pursuit, attempt)
        if until is None or until > now:
            # What waits for others that go with it is looked at as it goes.
            waits += () if until is None else (attempt.since if attempt.since > now else until,)
            continue
        used_up.append((attempt, why))
        way = next(_untried(pursuit, attempt), None)
        if way is not None:
            tries.append(Try(attempt.person, way, lap, attempt, why))
    if tries or not used_up or len(used_up) < len(latest):
        return _trying(pursuit, tuple(tries), waits, now)
    return _next_person(pursuit, lap, used_up[-1], now)


def _until(pursuit: Pursuit, attempt: Attempt) -> tuple[Instant | None, str]:
    """Until when it may stay as it is, and what is wrong with it then; None where nothing ends that."""
    patience = pursuit.patience
    if pursuit.passed_on(attempt):
        return 0, "passed on"
    if attempt.state in _FAILED:
        return 0, f"failed: {attempt.detail}" if attempt.detail else "failed"
    if patience is None or attempt.state in _GIVEN_UP:
        return None, ""
    if attempt.stopped:
        return 0, f"{attempt.way.connection} is stopped"
    span = patience.of(attempt)
    wanted = "acknowledged" if attempt.state in _ARRIVED or not attempt.tells else "delivered"
    wanted = "sent" if attempt.state in UNFINISHED else wanted
    return attempt.since + span, f"not {wanted} within {_length(span)}"


def _next_person(pursuit: Pursuit, lap: int, ended: tuple[Attempt, str], now: Instant) -> Verdict:
    """Whoever was paged before and not in this lap, those who come then, and at last the operators."""
    attempt, why = ended
    last = pursuit.last if _reached_nobody(pursuit) else ()
    people = dict.fromkeys((*(each.person for each in pursuit.attempts), *pursuit.then, *last))
    tried = {e.person for e in pursuit.attempts if e.lap == lap or pursuit.passed_on(e)}
    for person in people if pursuit.patience is not None else ():
        ways = pursuit.ways.get(person, ())
        if person not in tried and ways:
            return _trying(pursuit, (Try(person, ways[0], lap, attempt, why),), (), now)
    return Verdict(unanswered=attempt, why=why)


def _reached_nobody(pursuit: Pursuit) -> bool:
    """Whether that is known: each failed, or was passed on. What is accepted may have reached somebody."""
    return all(each.state in _FAILED or pursuit.passed_on(each) for each in pursuit.attempts)


def _untried(pursuit: Pursuit, attempt: Attempt) -> Iterator[Way]:
    """Of whoever got it; whoever passed it on is not tried over another way."""
    if pursuit.passed_on(attempt):
        return
    person, lap = attempt.person, attempt.lap
    tried = {each.way for each in pursuit.attempts if (each.person, each.lap) == (person, lap)}
    yield from (way for way in pursuit.ways.get(person, ()) if way not in tried)


def _trying(
    pursuit: Pursuit, tries: tuple[Try, ...], waits: Iterable[Instant], now: Instant
) -> Verdict:
    """With the time at which what is sent now is looked at, should nobody hear of it till then."""
    soon = [now + pursuit.patience.delivered] if tries and pursuit.patience else []
    return Verdict(tries, min((*waits, *soon), default=None))


def _length(span: Span) -> str:
    minutes, seconds = divmod(span // SECOND, MINUTE // SECOND)
    return (
        " ".join(f"{count} {unit}" for count, unit in ((minutes, "min"), (seconds, "s")) if count)
        or "no time"
    )
