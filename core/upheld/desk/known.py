"""What is looked at before a verb states its fact: names that the policy has, and its gates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from upheld.case.events import Actor
from upheld.case.state import CaseState
from upheld.directory import Directory
from upheld.engine.desks import speaking
from upheld.engine.gates import missing
from upheld.errors import Refusal
from upheld.policy.desks import Answers
from upheld.policy.model import Policy, Require
from upheld.policy.names import outcomes_of

Check = Callable[[Policy, CaseState], None]


#: What passes a gate, as one says it of a case.
_PASSING: Final = {
    "customer_access": "be worked on the customer's equipment",
    "work": "be worked",
    "hand_over": "be handed over",
}


def gate(case: str, before: str, override: str) -> Check:
    """Refuses what a clause asks more for; our own doors do so whatever the clause says of trackers."""

    def check(policy: Policy, state: CaseState) -> None:
        for lack in missing(policy, state, before):
            if lack.override and override:
                continue
            way_out = f"; or override it: --override '{lack.override}'" if lack.override else ""
            raise Refusal(
                f"{case} can't {_PASSING.get(before, before)} yet: {lack.clause.id} needs"
                f" {', '.join(lack.needs)} first ({lack.clause.published!r})",
                do_next=f"record what is missing{_offers(policy, lack.needs)}{way_out}",
            )

    return check


def _offers(policy: Policy, needs: Iterable[str]) -> str:
    """What may be recorded, where that is one of a few."""
    found = ((need, values_of(policy, need)) for need in needs)
    told = [f"{need} is one of: {', '.join(values)}" for need, values in found if values]
    return f" ({'; '.join(told)})" if told else ""


def speaks(directory: Directory, actor: Actor) -> Check:
    """Refuses whom the customer does not hear from: people of no desk but those that answer a desk."""

    def check(policy: Policy, state: CaseState) -> None:
        own = [
            d for d in policy.desks.values() if d.people and directory.includes(d.people, actor.id)
        ]
        silent = {tier.id for tier in policy.tiers.values() if tier.answers is Answers.DESK}
        if own and all(desk.tier in silent for desk in own):
            desk = speaking(policy, state)
            raise Refusal(
                f"the customer hears from {desk.name if desk else 'their desk'} alone",
                do_next="write a note for them, and hand the case back: `upheld cases hand-over`",
            )

    return check


def not_triaged(_policy: Policy, state: CaseState) -> None:
    """Refuses for a case that has been triaged."""
    if state.triaged:
        raise Refusal("a triaged case has been promised something", do_next="resolve or close it")


def known_severity(policy: Policy, severity: int) -> None:
    """Refuses a severity that the policy does not have."""
    if severity not in policy.severities:
        names = ", ".join(f"{level} {each.name}" for level, each in policy.severities.items())
        raise Refusal(
            f"policy {policy.name!r} has no severity {severity}", do_next=f"it has: {names}"
        )


def known_flag(policy: Policy, flag: str) -> None:
    """Refuses a flag that the policy does not have."""
    in_policy(policy, "flag", flag, policy.needs.flags)


def known_value(policy: Policy, item: str, value: str) -> None:
    """Refuses a value that is none of those which the policy offers for what it needs: reports are split
    by them."""
    offered = values_of(policy, item)
    if offered and value.casefold() not in {each.casefold() for each in offered}:
        raise Refusal(
            f"{value!r} is no {item.replace('_', ' ')} that policy {policy.name!r} knows",
            do_next=f"one of: {', '.join(offered)}",
        )


def values_of(policy: Policy, item: str) -> tuple[str, ...]:
    """The values that a policy offers for something that it needs; none where any will do."""
    rules = (r for clause in policy.clauses for r in clause.rules if isinstance(r, Require))
    return tuple(dict.fromkeys(each for rule in rules for each in rule.one_of.get(item, ())))


def known_outcome(policy: Policy, state: CaseState, outcome: str | None) -> None:
    """Refuses an outcome that the policy does not have, and taking back what is not there."""
    if outcome is None and state.outcome is None:
        raise Refusal("it has no outcome to take back", do_next="say which it has, and why")
    if outcome is not None:
        in_policy(policy, "outcome", outcome, outcomes_of(policy))


def known_kind(policy: Policy, kind: str) -> None:
    """Refuses a kind that the policy does not have."""
    in_policy(policy, "kind", kind, policy.kinds)


def in_policy(policy: Policy, what: str, name: str, names: Collection[str]) -> None:
    """Refuses a name that is none of the policy's; ``what`` it names is a flag, a kind, a queue …"""
    if name not in names:
        known = ", ".join(names) or "none"
        raise Refusal(f"policy {policy.name!r} has no {what} {name!r}", do_next=f"it has: {known}")


def one_of(what: str, word: str, known: tuple[str, ...]) -> None:
    """Refuses a word that is none of those known."""
    # A word that the engine does not know would make every later decision of the case fail.
    if word not in known:
        raise Refusal(f"a case can't {what} {word!r}", do_next=f"say {' or '.join(known)}")


def worded(text: str) -> str:
    """The text; refused where it has no words."""
    if not text.strip():
        raise Refusal("there is no text", do_next="say it in a few words")
    return text
