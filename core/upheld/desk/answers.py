"""What a customer's answer does to their case: points that were asked for, and what they ask of us with a
first line ``#confirm``, ``#refuse`` or ``#escalate``. Pure.

From alone proves nobody: only proven senders, who speak for the customer, do anything by their words.
What others write counts as any other mail of that address, and a note tells what was not done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import DAY, Instant
from upheld.case.events import Body, Escalated, Event, Noted, Provided, Reopened, Side
from upheld.case.state import CaseState, Status
from upheld.directory import Sender
from upheld.engine.gates import ACCESS, there
from upheld.policy.asking import CUSTOMER_AGREED, asked
from upheld.policy.model import Do, Policy, When

#: A customer's escalation wakes somebody; more in a day than this are kept and do nothing.
ESCALATIONS_A_DAY: Final = 3
_VERB: Final = re.compile(r"#(confirm|refuse|escalate)\b[\s:,.-]*(.*)", re.IGNORECASE)
_POINT: Final = re.compile(r"[\s*•·-]*([^\W\d][\w -]{0,60}?)\s*[:=]\s*(\S.*)")
#: From here on it is somebody else's words, or a signature.
_ENDS: Final = re.compile(r"-- ?$|-{3,}[^-]+-{3,}\s*$|_{10,}\s*$|On .{1,200} wrote:\s*$")
_LONGEST: Final = 500
_LINE: Final = 2000


@dataclass(frozen=True, slots=True)
class Words:
    """What was written: whether the sender is proven, speaks for the customer, whether the case is closed,
    and how often it was escalated by the customer in the last day."""

    text: str
    verified: bool
    speaks: bool
    closed: bool
    escalated: int = 0


def answered(words: Words, policy: Policy, state: Callable[[], CaseState]) -> dict[str, Body]:
    """What follows from a customer's message, each under the part of its event's id; ``state`` is asked for
    only where the words want something: most mails say nothing of the kind."""
    found = _verb(words.text)
    again: dict[str, Body] = {}
    if words.closed:
        again = {"#reopened": Reopened("the customer wrote again")}
    if found is None:
        return {**again, **_given(words, policy, state)}
    verb, rest = found
    why = _why_not(verb, words, policy, state())
    if why:
        return {**again, "#not-done": Noted(f"[#{verb} by mail, not done: {why}]")}
    done: Body = _DONE[verb](policy, rest)
    return {f"#{verb}": done} if verb != "escalate" else {**again, f"#{verb}": done}


def speaks_for(sender: Sender, reporter: str) -> bool:
    """Whether the address is a listed contact's, or of whoever reported the case; a customer's domain alone
    has anybody in it."""
    return sender.contact is not None or sender.address == reporter


def escalations(facts: Iterable[Event], at: Instant) -> int:
    """How often the customer has escalated within a day before ``at``."""
    theirs = (each for each in facts if each.actor.side is Side.CUSTOMER)
    return sum(isinstance(each.body, Escalated) and at - DAY < each.at for each in theirs)


def told(text: str, policy: Policy) -> Mapping[str, str]:
    """What a text says of the points for which a policy asks."""
    return points(text, (name for name in asked(policy) if name != ACCESS))


def points(text: str, wanted: Iterable[str]) -> Mapping[str, str]:
    """``version: 5.1``, a line each, for names that are ``wanted``; the first line for one counts."""
    names = {_folded(name): name for name in wanted}
    found: dict[str, str] = {}
    for line in _own(text):
        match = _POINT.fullmatch(line)
        name = names.get(_folded(match[1])) if match else None
        if match and name:
            found.setdefault(name, match[2].strip()[:_LONGEST])
    return found


def _given(words: Words, policy: Policy, state: Callable[[], CaseState]) -> dict[str, Body]:
    """The points in an answer that the case does not have yet."""
    if not (words.verified and words.speaks):
        return {}
    given = told(words.text, policy)
    has = state() if given else None
    return {
        f"#{name}": Provided(name, value)
        for name, value in given.items()
        if has is not None and not there(name, has)
    }


def _own(text: str) -> Iterator[str]:
    """The lines that the sender wrote: nothing quoted, no signature."""
    for line in (each[:_LINE] for each in text.splitlines()):
        if _ENDS.match(line):
            return
        if not line.lstrip().startswith(">"):
            yield line


def _verb(text: str) -> tuple[str, str] | None:
    first = next((line.strip() for line in _own(text) if line.strip()), "")
    found = _VERB.fullmatch(first)
    return (found[1].lower(), found[2].strip()) if found else None


def _why_not(verb: str, words: Words, policy: Policy, state: CaseState) -> str:
    over = state.status in {Status.RESOLVED, Status.CLOSED}
    reasons = (
        (not words.verified, "the sender is not proven"),
        (not words.speaks, "the sender is no contact of the customer's"),
        (verb != "escalate" and not over, "the case is not resolved"),
        (verb == "escalate" and not _above(policy), "the policy names nobody to escalate to"),
        (
            verb == "escalate" and words.escalated >= ESCALATIONS_A_DAY,
            f"escalated {ESCALATIONS_A_DAY} times within a day",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")


_DONE: Final[Mapping[str, Callable[[Policy, str], Body]]] = {
    "confirm": lambda _policy, rest: Provided(CUSTOMER_AGREED, rest or "by mail"),
    "refuse": lambda _policy, rest: Reopened(
        f"the customer does not agree: {rest or 'no reason given'}"
    ),
    "escalate": lambda policy, rest: Escalated(_above(policy), rest or "no reason given"),
}


def _above(policy: Policy) -> str:
    """Whom the policy tells of a customer's escalation: a role of ours where there is one."""
    named = [to for do in _told(policy) for to in do.to]
    ours = [to for to in named if to in policy.roles]
    return next(iter((*ours, *named)), "")


def _told(policy: Policy) -> Iterator[Do]:
    for clause in policy.clauses:
        for rule in clause.rules:
            tests = rule.when.tests if isinstance(rule, When) else ()
            if any(test.key == "escalated_by" and "customer" in test.values for test in tests):
                assert isinstance(rule, When)
                yield from rule.do


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())
