"""What a policy demands of a case, and who provides it: information, a checklist, agreement."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.case.events import Actor, Provided, Reopened, Side
from upheld.case.state import CaseState, Status
from upheld.desk.known import Check, gate, known_value, worded
from upheld.desk.stating import Stating
from upheld.engine.gates import ACCESS
from upheld.errors import Refusal
from upheld.policy.model import Policy, Require

#: What customer and support say of a solution.
AGREED = {Side.CUSTOMER: "customer_agreed", Side.STAFF: "staff_agreed"}


@dataclass(frozen=True, slots=True)
class Demands(Stating):
    """Verbs for what ``require`` asks for."""

    def provide(self, case: str, actor: Actor, item: str, value: str = "") -> None:
        """Record something that a ``require`` rule asks for; `none` is an answer too."""

        def check(policy: Policy, _state: CaseState) -> None:
            known_value(policy, item, value)
            if item == ACCESS:
                raise Refusal(
                    "access is begun, not provided", do_next=f"upheld cases access {case}"
                )
            if item == AGREED[Side.CUSTOMER]:
                raise Refusal(
                    "a customer confirms", do_next=f"upheld cases confirm {case} 'who said so'"
                )

        self._state(case, Provided(item, value), actor, check)

    def tick(self, case: str, actor: Actor, step: str, value: str = "") -> None:
        """A step of a checklist of the policy is done."""
        self._staff(actor, "tick a step of")

        def check(policy: Policy, _state: CaseState) -> None:
            steps = demanded(policy)
            if step not in steps:
                known = ", ".join(steps) or "none"
                raise Refusal(
                    f"policy {policy.name!r} asks for no {step!r}", do_next=f"it asks for: {known}"
                )

        self._state(case, Provided(step, value), actor, check)

    def access(self, case: str, actor: Actor, why: str = "", *, override: str = "") -> None:
        """Begin to work on what is the customer's."""
        self._staff(actor, "work on the equipment of")
        self._state(case, Provided(ACCESS, why, override), actor, gate(case, ACCESS, override))

    def confirm(self, case: str, actor: Actor, words: str = "") -> None:
        """The customer agrees that it is solved: themselves, or as somebody of ours was told."""
        self._state(case, Provided(AGREED[Side.CUSTOMER], words), actor, _told_of(actor, words))

    def refuse(self, case: str, actor: Actor, reason: str) -> None:
        """The customer says that it is not solved: it is open again."""

        def check(_policy: Policy, state: CaseState) -> None:
            if state.status not in {Status.RESOLVED, Status.CLOSED}:
                raise Refusal(f"{case} is not resolved yet", do_next="write a note on it")

        body = Reopened(f"the customer does not agree: {worded(reason)}")
        self._state(case, body, actor, check)


def _told_of(actor: Actor, words: str) -> Check:
    def check(_policy: Policy, _state: CaseState) -> None:
        if actor.side is Side.STAFF and not words.strip():
            raise Refusal(
                "a customer's agreement needs the words in which it was given",
                do_next="say who agreed, and how",
            )

    return check


def demanded(policy: Policy) -> tuple[str, ...]:
    """All that any rule of a policy asks for, in its order."""
    rules = (rule for clause in policy.clauses for rule in clause.rules)
    needs = (need for rule in rules if isinstance(rule, Require) for need in rule.needs)
    return tuple(dict.fromkeys(needs))
