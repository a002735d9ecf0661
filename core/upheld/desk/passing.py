"""To whom a case is passed: a queue, an assignee, a role above, another desk."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.case.events import Actor, Assigned, Escalated, HandedOver, Queued, Side, TakenBack
from upheld.case.state import CaseState, Status
from upheld.desk.known import gate, in_policy, one_of, worded
from upheld.desk.stating import Stating
from upheld.errors import Refusal
from upheld.policy.model import Policy

#: In whose name a case can be escalated.
ESCALATORS = (Side.STAFF.value, Side.CUSTOMER.value)


@dataclass(frozen=True, slots=True)
class Passing(Stating):
    """Verbs for whose turn it is. None of them moves a clock but those of tiers."""

    def assign(self, case: str, actor: Actor, to: str) -> None:
        """Say who is to work it. Not work by itself."""
        self._staff(actor, "assign")
        self._state(case, Assigned(to), actor)

    def queue(self, case: str, actor: Actor, queue: str) -> None:
        """Move it to another queue of the policy."""
        self._staff(actor, "move")

        def check(policy: Policy, _state: CaseState) -> None:
            if policy.needs.queues:
                in_policy(policy, "queue", queue, policy.needs.queues)

        self._state(case, Queued(queue), actor, check)

    def escalate(
        self, case: str, actor: Actor, to: str, reason: str, *, by: str | None = None
    ) -> None:
        """Escalate to a role, a queue or a desk, which then has the case; the severity stays. ``by``: for a
        customer who asked one of ours to."""
        if by is not None:
            one_of("be escalated by", by, ESCALATORS)
            self._staff(actor, "escalate for somebody else")
        passing = gate(case, "hand_over", "")

        def check(policy: Policy, state: CaseState) -> None:
            if to in policy.desks and actor.side is Side.STAFF and by != Side.CUSTOMER:
                passing(policy, state)

        self._state(case, Escalated(to, worded(reason), by or ""), actor, check)

    def hand_over(
        self, case: str, actor: Actor, desk: str, reason: str, *, override: str = ""
    ) -> None:
        """Give it to another desk, whose turn it is from here on."""
        self._staff(actor, "hand over")
        passing = gate(case, "hand_over", override)

        def check(policy: Policy, state: CaseState) -> None:
            in_policy(policy, "desk", desk, policy.desks)
            if state.status is Status.CLOSED:
                raise Refusal(f"{case} is closed", do_next=f"upheld cases reopen {case} WHY")
            if state.held_by == desk:
                raise Refusal(f"{desk} has {case} already", do_next="there is nothing to hand over")
            passing(policy, state)

        body = HandedOver(desk, reason=worded(reason), override=override)
        self._state(case, body, actor, check)

    def take_back(self, case: str, actor: Actor, note: str) -> None:
        """Whoever it was escalated to has done their part."""
        self._staff(actor, "take back")

        def check(_policy: Policy, state: CaseState) -> None:
            if state.escalated_to is None:
                raise Refusal(f"{case} is escalated to nobody", do_next="there is nothing to end")

        self._state(case, TakenBack(worded(note)), actor, check)
