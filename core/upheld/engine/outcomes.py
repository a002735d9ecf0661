"""What an outcome does to the clocks of its case, and what the policy says of the case's product."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from upheld.calendar.wall import local_day
from upheld.case.state import CaseState
from upheld.policy.catalogue import Clocks, OnReturn, product_of, standing
from upheld.policy.model import Policy


def stopped_by(policy: Policy, state: CaseState) -> str | None:
    """The outcome that takes the case off the clock; None where its clocks run."""
    if not policy.outcomes:  # asked of every clock at every change
        return None
    outcome = policy.outcomes.get(state.outcome or "")
    return outcome.name if outcome is not None and outcome.clocks is Clocks.STOP else None


def begins_anew(policy: Policy, outcome: str) -> bool:
    """Whether the clocks begin anew once this outcome is taken back."""
    found = policy.outcomes.get(outcome)
    return found is not None and found.on_return is OnReturn.NEW_CYCLE


def with_standing(policy: Policy, state: CaseState) -> CaseState:
    """The state with what the list of products says of its product, on the day of the opening."""
    if not policy.products:
        return state
    product = product_of(policy.products, state.product)
    day = local_day(state.opened_at, ZoneInfo(policy.zone))
    found = standing(policy.products, state.product, state.version, day)
    return state.but(product_id=product and product.id, standing=found and found.value)
