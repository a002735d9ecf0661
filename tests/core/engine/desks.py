"""Three desks on three continents, and policies whose clocks ask which of them has the case."""

from __future__ import annotations

from typing import Final

from tests.core.engine.scene import BO, HEAD, OPENED, Case, at
from upheld.calendar.instant import Instant
from upheld.case.events import Actor, HandedOver, Opened
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

_OFFICE: Final = '  office: {zone: UTC, week: {mon-fri: "09:00-17:00"}}\n'
_HOURS: Final = """\
  prague: {zone: Europe/Prague, week: {mon-fri: "08:00-17:00"}, holidays: {days: ["2026-03-03"]}}
  boston: {zone: America/New_York, week: {mon-fri: "08:00-19:00"}}
"""
TIERS: Final = """
tiers:
  first: {name: First level}
  top: {name: Top level, answers: desk}
desks:
  home: {tier: first, calendar: office, queue: support, people: engineer}
  brno: {tier: first, calendar: prague, language: cs}
  boston: {tier: top, calendar: boston, people: chief}
"""
HEAD_WITH_DESKS: Final = TIERS + HEAD.replace(_OFFICE, _OFFICE + _HOURS)
BRNO: Final = Opened(
    "email", "It hangs", "", reporter=OPENED.reporter, customer="acme",
    enforced_from=OPENED.enforced_from, desk="brno",
)  # fmt: skip


def with_desks(*rules: str) -> Terms:
    """As ``terms``, of a policy that has desks."""
    lines = [f"  - {{id: A-{n}, says: A promise., {rule}}}" for n, rule in enumerate(rules, 1)]
    return compile_terms(load_policy(HEAD_WITH_DESKS + "\n".join(lines)))


def hand(case: Case, to: str, when: Instant, *, by: Actor = BO, why: str = "theirs") -> None:
    """The case goes to another desk."""
    case.happens(HandedOver(to, reason=why), when, by=by)


def turns(case: Case, until: float) -> list[tuple[str, str, float, float | None]]:
    """(desk, tier, begins, ends) of each turn, in hours since the start."""
    held = case.state(at(until)).turns
    return [
        (
            turn.desk,
            turn.tier,
            (turn.begins - at()) / (at(1) - at()),
            None if turn.ends is None else (turn.ends - at()) / (at(1) - at()),
        )
        for turn in held
    ]
