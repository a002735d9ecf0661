"""What must fit together in a whole policy: names that lead somewhere, and no circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from upheld.policy.conflicts import conflicts
from upheld.policy.lengths import of_desks, unfit_lengths, with_desks
from upheld.policy.model import Clause, Policy
from upheld.policy.names import Names
from upheld.policy.reader import Finding, Reader
from upheld.source import suggest


def check_policy(policy: Policy, reader: Reader) -> None:
    """Remember in ``reader`` all that does not fit."""
    names = Names(policy)
    clauses = {clause.id: clause for clause in policy.clauses}
    counts = Counter(clause.id for clause in policy.clauses)
    calendars = with_desks(policy.calendars, policy.desks)
    for clause in policy.clauses:
        for finding in (*_id(clause, counts[clause.id]), *_kept_by(clause, clauses)):
            reader.misfit(clause.place, clause.id, finding)
        for rule in clause.rules:
            fits = (
                *unfit_lengths(calendars, rule),
                *of_desks(policy.calendars, policy.desks, rule),
            )
            for finding in (*names.unknown(rule), *fits):
                reader.misfit(rule.place, clause.id, finding)
    for clause, rule, finding in conflicts(policy):
        reader.misfit(rule.place, clause.id, finding)


def _id(clause: Clause, count: int) -> Iterator[Finding]:
    if count > 1 and clause.id:
        yield clause.id, f"{clause.id!r} stands {count} times", "rename one"


def _kept_by(clause: Clause, clauses: Mapping[str, Clause]) -> Iterator[Finding]:
    if "" in clauses:
        return  # a clause whose id can't be read may be the one that is meant
    for other in clause.kept_by:
        if other not in clauses:
            yield other, f"there is no clause {other!r}", suggest(other, clauses)
    if _leads_back(clause, clauses):
        yield clause.kept_by[0], "is kept by itself in the end", "name who does the work"


def _leads_back(clause: Clause, clauses: Mapping[str, Clause]) -> bool:
    ahead, seen = list(clause.kept_by), set[str]()
    while ahead:
        name = ahead.pop()
        if name in clauses and name not in seen:
            seen.add(name)
            ahead += clauses[name].kept_by
    return clause.id in seen
