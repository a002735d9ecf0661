"""Who had a case and for how long, in one case and over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upheld.calendar.instant import Instant, Span
from upheld.case.clock import ClockRun, ClockState
from upheld.case.decision import Subject
from upheld.case.events import Opened
from upheld.case.state import CaseState
from upheld.case.turn import Turn
from upheld.desk.records import Records
from upheld.engine.terms import Terms
from upheld.ledger import Transaction
from upheld.report.history import cases
from upheld.report.plain import Plain, as_plain


@dataclass(frozen=True, slots=True)
class TurnStory:
    """A desk had the case from ``begins`` until ``ends`` (None: it has it still): ``held`` as the wall
    shows it, ``worked`` in its own hours. ``by`` gave it to them, for ``reason``."""

    desk: str
    name: str
    tier: str
    begins: Instant
    ends: Instant | None
    held: Span
    worked: Span
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeskStory:
    """What a desk answers for: how many cases it had, in how many turns, for how long in all, and what
    came of the clocks of its tier while it had them. ``now`` is how many open cases it has."""

    desk: str
    name: str
    tier: str
    cases: int
    now: int
    turns: int
    held: Span
    worked: Span
    met: int
    missed: int

    def as_dict(self) -> Plain:
        """Plain values: spans in seconds."""
        return as_plain(self)


def turn_stories(terms: Terms, state: CaseState, until: Instant) -> Iterator[TurnStory]:
    """Every turn of a case, as far as an instant."""
    for turn in state.turns:
        ends = until if turn.ends is None else turn.ends
        desk = terms.policy.desks.get(turn.desk)
        worked = terms.calendars[desk.calendar].elapsed(turn.begins, ends) if desk else 0
        yield TurnStory(
            desk=turn.desk,
            name=desk.name if desk else turn.desk,
            tier=turn.tier,
            begins=turn.begins,
            ends=turn.ends,
            held=ends - turn.begins,
            worked=worked,
            by=turn.by,
            reason=turn.reason,
        )


def desk_stories(
    records: Records,
    tx: Transaction,
    *,
    customer: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> tuple[DeskStory, ...]:
    """Each desk that had a case whose opening lies in that time, in the order of the policy."""
    now = records.clock.now()
    found: dict[str, _Desk] = {}
    for case in cases(tx, customer):
        if (since is None or case.opened >= since) and (until is None or case.opened < until):
            subject = tx.subject(case.id)
            if any(isinstance(fact.body, Opened) for fact in subject.facts):
                _count(records, subject, now, found)
    order = [name for policy in records.book.current() for name in policy.desks]
    ranked = sorted(found.items(), key=lambda each: (_place(order, each[0]), each[0]))
    return tuple(desk.story() for _, desk in ranked)


def _place(order: list[str], desk: str) -> int:
    return order.index(desk) if desk in order else len(order)


class _Desk:
    """One desk, counted case by case."""

    def __init__(self, first: TurnStory) -> None:
        self.first = first
        self.cases: set[str] = set()
        self.now = self.turns = self.held = self.worked = 0
        self.verdicts: list[ClockState] = []

    def add(self, case: str, turn: TurnStory) -> None:
        """A turn of a case."""
        self.cases.add(case)
        self.turns += 1
        self.now += turn.ends is None
        self.held, self.worked = self.held + turn.held, self.worked + turn.worked

    def story(self) -> DeskStory:
        """What was counted."""
        return DeskStory(
            desk=self.first.desk,
            name=self.first.name,
            tier=self.first.tier,
            cases=len(self.cases),
            now=self.now,
            turns=self.turns,
            held=self.held,
            worked=self.worked,
            met=self.verdicts.count(ClockState.MET),
            missed=self.verdicts.count(ClockState.MISSED),
        )


def _count(records: Records, subject: Subject, now: Instant, found: dict[str, _Desk]) -> None:
    terms, life = records.book.terms(subject), records.life(subject, now)
    for turn in turn_stories(terms, life.state, now):
        found.setdefault(turn.desk, _Desk(turn)).add(subject.id, turn)
    for run in life.clocks:
        desk = _answers(terms, run, life.state.turns)
        if desk in found:
            found[desk].verdicts.append(run.state)


def _answers(terms: Terms, run: ClockRun, turns: Iterable[Turn]) -> str:
    """The desk that answers for the verdict of a tier's clock: of that tier the one that had the case
    when the clock was met, or was up. Empty for a clock that is no tier's."""
    rules = (r for c, r in terms.targets if (c.id, r.name) == (run.clause, run.rule))
    tier = next(rules).tier
    judged = run.met_at if run.state is ClockState.MET else run.due
    had = [turn.desk for turn in turns if turn.tier == tier and turn.begins <= (judged or 0)]
    return had[-1] if tier is not None and had else ""
