"""What an attached case leaves to its parent to say, and whether the parent can say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from upheld.case.decision import Purpose
from upheld.case.state import CaseState, Status
from upheld.directory.lookup import CUSTOMER, PROVIDER, REPORTER

#: What is said once for an outage. Letters about the case itself (its receipt, its number) are not.
_FOLDED: Final = frozenset(
    {Purpose.PAGE, Purpose.CALL, Purpose.STATUS, Purpose.NOTIFY, Purpose.ASK}
)


def left_to_parent(purpose: Purpose, to: Sequence[str], state: CaseState) -> bool:
    """Whether the parent says this: to our own people always, to a customer where it is the same
    one. Another company hears nothing of the parent's messages."""
    if state.parent is None or purpose not in _FOLDED:
        return False
    return state.parent_customer is None or not any(map(_outside, to))


def why_silent(parent: CaseState, child: CaseState) -> str | None:
    """Why ``parent`` can't speak for ``child``; None where it can.

    A marking pages and a proposal does not, so that a marked case needs a parent that is marked.
    """
    own = child.acting_severity
    theirs = parent.acting_severity if child.severity is None else parent.severity
    weaker = own is not None and (theirs is None or theirs > own)
    reasons = (
        (_is_anothers(parent, child), "another customer's now"),
        (parent.status is Status.CLOSED, "closed"),
        (parent.enforced_from is None, "only read, and not enforced"),
        (weaker, f"marked severity {theirs}" if theirs else "not marked with a severity"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _is_anothers(parent: CaseState, child: CaseState) -> bool:
    """Whether one of the two was restated: who would hear was settled when they were attached."""
    if child.parent is None:
        return False
    other = child.parent_customer
    believed = child.opened.customer if other is None else other
    return (parent.opened.customer or "") != (believed or "")


def _outside(who: str) -> bool:
    return who in {CUSTOMER, REPORTER, PROVIDER} or who.startswith(f"{CUSTOMER}.")
