"""What the policy proposes for a case, from what came in; with the row that matched, and why.

Every case gets a severity: where no row has one, the policy's default, else the least urgent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import UPHELD, Entitled, Entitlement, Event, Opened, Proposed
from upheld.case.state import CaseState
from upheld.engine.conditions import holds, text
from upheld.engine.desks import begun
from upheld.engine.fold import begin, fold
from upheld.engine.outcomes import with_standing
from upheld.policy.catalogue import Standing, product_of, recognised
from upheld.policy.matrix import Axis, Matrix
from upheld.policy.model import Classify, Clause, Condition, Policy, Row, Test
from upheld.policy.words import mentions

_NO_ROW = "no rule proposes a severity"


@dataclass(frozen=True, slots=True)
class _Match:
    """A row that holds, with its severity where a matrix told it, and why it holds."""

    clause: Clause
    rule: Classify
    row: Row
    why: str


def propose(
    policy: Policy,
    opened: Opened,
    at: Instant,
    fields: Mapping[str, str] | None = None,
    entitled: Entitled | None = None,
) -> Proposed:
    """The policy's proposal for what opened at ``at``, with the ``fields`` it has beside.

    Inside a rule the first row that holds counts; several may each add what they set (one the
    severity, another an outcome or flags), and see the severity that is proposed.
    """
    state = begun(policy, _arrived(policy, opened, at, fields or {}))
    if entitled is not None:
        state = fold(state, Event("entitled", at, at, UPHELD, entitled))
    found: list[_Match] = []
    for clause, rule in _severity_first(policy):
        match = _match(policy, clause, rule, state)
        if match is not None:
            found.append(match)
            state = state.but(proposed=_proposed(found, state))
    return _with_severity(policy, _proposed(found, state))


def covers(
    policy: Policy, lists: Policy, opened: Opened, at: Instant, fields: Mapping[str, str]
) -> bool:
    """Whether a policy is the one for what opened at ``at``; where it lists no products, those that
    ``lists`` has count. Nobody comes under a policy by the plan that it gives by default."""
    by = policy if policy.products else replace(policy, products=lists.products, zone=lists.zone)
    by = replace(by, default_plan=None)
    return holds(policy.applies, _arrived(by, opened, at, fields))


def _arrived(policy: Policy, opened: Opened, at: Instant, fields: Mapping[str, str]) -> CaseState:
    state = begin(Event("opened", at, at, UPHELD, opened), policy.default_plan).but(
        fields=dict(fields), provided=frozenset(fields)
    )
    product, version = recognised(policy.products, text(state))
    if state.product is not None:
        product = None
    return with_standing(policy, state.but(proposed=Proposed(product=product, version=version)))


def _severity_first(policy: Policy) -> Iterable[tuple[Clause, Classify]]:
    rules = [(c, rule) for c in policy.clauses for rule in c.rules if isinstance(rule, Classify)]
    return sorted(rules, key=lambda found: not any(map(_tells_severity, found[1].rows)))


def _tells_severity(row: Row) -> bool:
    return row.severity is not None or row.matrix is not None


def _match(policy: Policy, clause: Clause, rule: Classify, state: CaseState) -> _Match | None:
    for row in rule.rows:
        if row.otherwise:
            return _Match(clause, rule, row, "nothing more specific was found")
        if not holds(row.when, state):
            continue
        if row.matrix is None:
            return _Match(clause, rule, row, _because(policy, row.when, state) or "always")
        level, why = _measured(row.matrix, state)
        if level is not None:
            return _Match(clause, rule, replace(row, severity=level), why)
    return None


def _proposed(found: Iterable[_Match], state: CaseState) -> Proposed:
    rows = [match.row for match in found]
    known = state.proposed or Proposed()
    return Proposed(
        severity=next((row.severity for row in rows if row.severity is not None), None),
        flags=tuple(dict.fromkeys(flag for row in rows for flag in row.flags)),
        outcome=next((row.outcome for row in rows if row.outcome is not None), None),
        rule=", ".join(f"{match.clause.id}/{match.rule.name}" for match in found),
        reason="; ".join(match.why for match in found),
        case_kind=next((row.kind for row in rows if row.kind is not None), None),
        product=known.product,
        version=known.version,
    )


def _with_severity(policy: Policy, proposed: Proposed) -> Proposed:
    if proposed.severity is not None:
        return proposed
    reason = "; ".join(said for said in (proposed.reason, _NO_ROW) if said)
    return replace(proposed, severity=default_severity(policy), reason=reason)


def reads(policy: Policy) -> frozenset[str]:
    """The fields of a case by which it is classified."""
    rules = (r for clause in policy.clauses for r in clause.rules if isinstance(r, Classify))
    rows = [row for rule in rules for row in rule.rows]
    axes = (each for row in rows if row.matrix for each in (row.matrix.rows, row.matrix.columns))
    tests = [test for row in rows for test in row.when.tests]
    asked = {str(value) for test in tests if test.key == "field" for value in test.values}
    asked |= {test.key.partition(".")[2] for test in tests if test.key.startswith("field.")}
    ours = {"product", "version"} if any(test.key == "product" for test in tests) else set()
    return frozenset({axis.field for axis in axes} | asked | ours)


def default_severity(policy: Policy) -> int:
    """What a case is taken for of which no rule says anything."""
    return policy.default_severity or max(policy.severities)


def _measured(matrix: Matrix, state: CaseState) -> tuple[int | None, str]:
    """The severity where both measures are known, and what told them."""
    found = [_value(axis, state) for axis in (matrix.rows, matrix.columns)]
    if None in found:
        return None, ""
    (row, one), (column, other) = (each for each in found if each is not None)
    return matrix.severity(row, column), f"{one} and {other}"


def _value(axis: Axis, state: CaseState) -> tuple[str, str] | None:
    """The value of a measure: as it is recorded, else by the words that tell it."""
    recorded = state.fields.get(axis.field, "").casefold()
    for value in axis.values:
        if recorded == value.casefold():
            return value, f"{axis.field} is {value}"
    for value in axis.values if not recorded else ():
        said = next((word for word in axis.words[value] if mentions(text(state), word)), None)
        if said is not None:
            return value, f"{axis.field} is {value} (it says {said!r})"
    return None


def _because(policy: Policy, condition: Condition, state: CaseState) -> str:
    return " and ".join(_why(policy, test, state) for test in condition.tests)


def _why(policy: Policy, test: Test, state: CaseState) -> str:
    values = [str(value) for value in test.values]
    if test.key == "words":
        said = next(phrase for phrase in values if mentions(text(state), phrase))
        return f"it says {said!r}"
    if test.key == "product":
        return _of_product(policy, state)
    if test.key == "entitlement" and state.entitlement is not None:
        return of_system(state.entitlement)
    return f"{test.key.removeprefix('field.')} is {' or '.join(values)}"


def of_system(entitled: Entitled) -> str:
    """``till-1: its agreement ended on 2026-03-31 (it says 'till-1')``."""
    said = _STANDINGS[entitled.standing].format(day=entitled.day)
    told = f" ({entitled.how})" if entitled.how else ""
    return f"{entitled.system or 'its system'}: {said}{told}"


_STANDINGS: Final[Mapping[Entitlement, str]] = {
    Entitlement.VALID: "under an agreement",
    Entitlement.EXPIRED: "its agreement ended on {day}",
    Entitlement.NOT_BEGUN: "its agreement begins on {day}",
    Entitlement.UNLISTED: "none of the customer's",
    Entitlement.UNKNOWN: "nobody said which it is",
}


def _of_product(policy: Policy, state: CaseState) -> str:
    product = product_of(policy.products, state.product)
    named = " ".join(each for each in (state.product, state.version) if each)
    if product is None or state.standing is None:
        return f"product is {named}"
    end = product.end(state.version)
    since = f" since {end}" if end and state.standing == Standing.DISCONTINUED else ""
    return f"product is {named}, {state.standing}{since}"
