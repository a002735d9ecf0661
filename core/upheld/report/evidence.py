"""Whether each published sentence was kept, with the events that show it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from upheld.calendar.instant import Instant
from upheld.case.events import StepTaken, VerdictGiven
from upheld.ledger import Transaction
from upheld.policy.model import Clause, Policy
from upheld.report.facts import fact_lines
from upheld.report.history import History, histories
from upheld.report.model import ClauseEvidence, ClauseState, EvidenceLine, Standing
from upheld.report.rulebook import Rulebook
from upheld.report.steps import Lines, step_lines
from upheld.report.verdicts import verdict_lines

__all__ = ["ClauseEvidence", "ClauseState", "EvidenceLine", "Standing", "gather"]

_FINAL = frozenset({Standing.SUPERSEDED, Standing.BEFORE_ENFORCEMENT, Standing.REMARK})


#: Whether a version is one of the policy's that is reported.
Own: TypeAlias = Callable[[str], bool]


def _any(_version: str) -> bool:
    return True


def gather(
    tx: Transaction,
    policy: Policy,
    *,
    customer: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    own: Own = _any,
) -> tuple[ClauseEvidence, ...]:
    """Every clause of a policy, in the order of the document, with what came of it.

    ``customer`` narrows it to one customer's cases; ``since`` (included) and ``until`` (not) to
    what was promised in that time. Of several policies side by side, ``own`` tells by the version that a
    case is pinned to whether it is one of this policy's. How each kind of clause is counted:
    docs/reference/evidence.md.
    """
    book, gathered = Rulebook(policy), _Gathered(since, until)
    for history in histories(tx, customer):
        if own(history.policy):
            gathered.add(history, book)
    gathered.remark(book)
    found: dict[str, ClauseEvidence] = {}
    for clause in policy.clauses:
        _clause(clause, book, gathered, found)
    return tuple(found[clause.id] for clause in policy.clauses)


class _Gathered:
    """Lines by clause, of one case after the other."""

    def __init__(self, since: Instant | None, until: Instant | None) -> None:
        self.since, self.until = since, until
        self.lines: dict[str, list[EvidenceLine]] = defaultdict(list)
        self.left_out = 0
        self.latest: Instant = 0

    def add(self, history: History, book: Rulebook) -> None:
        """What one case shows."""
        if _is_of_another_policy(history, book):
            self.left_out += 1
            return
        annulled = history.annulled
        for clause, line in _lines(history, book):
            self.latest = max(self.latest, line.at)
            if clause in book.clauses and self._within(line.at):
                self.lines[clause].append(_annulled(line, annulled))

    def remark(self, book: Rulebook) -> None:
        """What is read of the policy, but not enforced."""
        at = self.latest if self.until is None else self.until
        for clause, rule, what in book.lacking():
            self.lines[clause].append(
                EvidenceLine("", at, what, f"{clause}/{rule}", Standing.REMARK)
            )

    def _within(self, at: Instant) -> bool:
        after = self.since is None or at >= self.since
        return after and (self.until is None or at < self.until)


def _lines(history: History, book: Rulebook) -> Lines:
    yield from fact_lines(history, book)
    yield from step_lines(history, book)
    yield from verdict_lines(history, book)


def _is_of_another_policy(history: History, book: Rulebook) -> bool:
    """Pinned to a version of which this policy has no clause; one in common is a common ancestor."""
    if history.policy == book.policy.version:
        return False
    bodies = (each.event.body for each in history.recorded)
    acted = {body.clause for body in bodies if isinstance(body, StepTaken | VerdictGiven)}
    return acted.isdisjoint(book.clauses)


def _annulled(line: EvidenceLine, annulled: dict[str, str]) -> EvidenceLine:
    if line.key not in annulled or line.standing in _FINAL:
        return line
    return replace(line, standing=Standing.ANNULLED, what=f"{line.what}; {annulled[line.key]}")


def _clause(
    clause: Clause, book: Rulebook, gathered: _Gathered, found: dict[str, ClauseEvidence]
) -> ClauseEvidence:
    if clause.id not in found:
        others = [_clause(book.clauses[name], book, gathered, found) for name in clause.kept_by]
        found[clause.id] = _evidence(clause, gathered, others, book.where(clause.id))
    return found[clause.id]


def _evidence(
    clause: Clause, gathered: _Gathered, others: Sequence[ClauseEvidence], where: str
) -> ClauseEvidence:
    lines = sorted(gathered.lines[clause.id], key=lambda line: (line.at, line.case, line.key))
    counts = Counter(line.standing for line in lines)
    for other in others:
        counts += _counts(other)
    return ClauseEvidence(
        where=where,
        id=clause.id,
        says=clause.published,
        state=_state(clause, counts),
        kept=counts[Standing.KEPT],
        missed=counts[Standing.MISSED],
        annulled=counts[Standing.ANNULLED],
        before_enforcement=counts[Standing.BEFORE_ENFORCEMENT],
        evidence=(*lines, *_pointers(others, gathered.latest)),
        left_out=gathered.left_out,
    )


def _counts(clause: ClauseEvidence) -> Counter[Standing]:
    return Counter(
        {
            Standing.KEPT: clause.kept,
            Standing.MISSED: clause.missed,
            Standing.ANNULLED: clause.annulled,
            Standing.BEFORE_ENFORCEMENT: clause.before_enforcement,
        }
    )


def _state(clause: Clause, counts: Counter[Standing]) -> ClauseState:
    if clause.statement:
        return ClauseState.IN_FORCE
    if counts[Standing.MISSED]:
        return ClauseState.MISSED
    return ClauseState.KEPT if counts[Standing.KEPT] else ClauseState.NOT_EXERCISED


def _pointers(others: Iterable[ClauseEvidence], latest: Instant) -> Iterable[EvidenceLine]:
    for other in others:
        at = other.evidence[-1].at if other.evidence else latest
        what = f"{other.id} ({other.says}): {other.kept} kept, {other.missed} missed"
        yield EvidenceLine("", at, what, other.id, Standing.REMARK)
