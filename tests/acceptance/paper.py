"""A case on paper: under a shipped policy, decided as the ledger does it, with no daemon and no far end.

For what a clause promises about time. Instants are written as the wall shows them in the policy's zone.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from tests.core.engine.scene import BO, PAT, Case
from upheld.calendar.instant import Instant, instant, moment
from upheld.case.clock import ClockRun
from upheld.case.decision import Cancel, Send
from upheld.case.events import UPHELD, Actor, Body, Opened, Triaged
from upheld.engine.classify import propose
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy, load_shipped

#: Where the people of each policy look at the clock.
ZONES: Final = {
    "magnolia": "UTC",
    "xecuritas": "America/New_York",
    "managry": "Europe/Prague",
    "medusa": "Europe/London",
}


@cache
def terms(policy: str) -> Terms:
    """The terms of a shipped policy."""
    return compile_terms(load_shipped(policy))


def agreed(extends: str, text: str) -> Terms:
    """The terms of an agreement that extends a shipped policy; ``text`` is the rest of its file."""
    return compile_terms(load_policy(f"extends: {extends}\n{text}"))


class Paper:
    """``opened`` is told in the wall's words, ``2010-11-19 15:00``; with ``severity`` it is triaged then."""

    def __init__(
        self,
        policy: str,
        opened: str,
        text: str = "It does not work",
        *,
        severity: int | None = None,
        plan: str | None = None,
        source: str = "email",
        product: str | None = None,
        version: str | None = None,
        terms_of: Terms | None = None,
    ) -> None:
        self.policy = policy
        self.terms = terms_of or terms(policy)
        self.now = self._instant(opened)
        told = Opened(
            source,
            text,
            "…",
            reporter=PAT.id,
            customer="acme",
            plan=plan,
            product=product,
            version=version,
            enforced_from=self.now,
        )
        self.case = Case(self.terms, told, self.now)
        self.proposed = propose(self.terms.policy, told, self.now)
        self.case.happens(self.proposed, self.now, by=UPHELD)
        # The ledger decides both at once: what the proposal takes back was never said.
        back = {action.key for action in self.case.actions if isinstance(action, Cancel)}
        self.case.actions = [each for each in self.case.actions if each.key not in back]
        if severity is not None:
            self.happens(opened, Triaged(severity, "1042"))

    def happens(self, when: str, body: Body, by: Actor = BO, *, seen: str | None = None) -> None:
        """A fact; ``seen`` later where it is news that comes late."""
        at = self._instant(when)
        learned = self._instant(seen) if seen else at
        self._pass(learned - 1)  # what happens at an instant comes before the clock strikes it
        self.now = learned
        self.case.happens(body, at, seen=learned, by=by)

    def writes(self, when: str, body: Body) -> None:
        """A fact of the customer's."""
        self.happens(when, body, PAT)

    def until(self, when: str) -> None:
        """Time passes."""
        self._pass(self._instant(when))

    # --- what came of it --------------------------------------------------------------------------

    def clocks(self, target: str) -> list[ClockRun]:
        """The runs of a target that concern the case, in their order."""
        runs = self.case.life(self.now).clocks
        return [run for run in runs if run.target == target]

    def clock(self, rule: str) -> ClockRun:
        """The last run of a rule, ``X-11/2.response``."""
        runs = self.case.life(self.now).clocks
        return [run for run in runs if f"{run.clause}/{run.rule}" == rule][-1]

    def due(self, rule: str) -> str:
        """When it is due, as the wall shows it."""
        return self._wall(self.clock(rule).due)

    def verdicts(self) -> dict[str, str]:
        """``X-11/2.response`` -> the verdict given last."""
        given = self.case.verdicts().items()
        return {"/".join(key.split("/")[:2]): verdict for key, verdict in given}

    def told(self) -> list[tuple[str, str, str]]:
        """Every message: when, for what, to whom."""
        return [self._line(send) for send in self.case.sends]

    def told_by(self, clause: str) -> list[tuple[str, str, str]]:
        """The messages of one clause."""
        return [self._line(send) for send in self.case.sends if clause in send.clauses]

    def _line(self, send: Send) -> tuple[str, str, str]:
        return (self._wall(send.due), send.purpose.value, ", ".join(send.to))

    def _pass(self, until: Instant) -> None:
        if until > self.now:
            self.case.until(until)
            self.now = until

    def _instant(self, wall: str) -> Instant:
        return instant(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(ZONES[self.policy])))

    def _wall(self, at: Instant | None) -> str:
        if at is None:
            return ""
        return f"{moment(at).astimezone(ZoneInfo(ZONES[self.policy])):%Y-%m-%d %H:%M}"
