"""What a person can do to a case, at our own doors: CLI, portal, tracker verbs, answers to a page.

Each verb checks the gates of the policy the case is pinned to, then records one fact. Every verb
takes the actor; nothing happens in nobody's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.case.events import (
    Actor,
    Annulled,
    Attached,
    CallLogged,
    Closed,
    Detached,
    Enforced,
    Flagged,
    Held,
    KindSet,
    Mobilised,
    Noted,
    Opened,
    OutcomeSet,
    PageAcknowledged,
    PublicReply,
    Rejected,
    Released,
    Reopened,
    Resolved,
    SeveritySet,
    Triaged,
    VerdictGiven,
    WaitingOn,
    Worked,
)
from upheld.case.opening import opening
from upheld.case.state import CaseState, Status
from upheld.desk.demands import Demands
from upheld.desk.known import (
    gate,
    known_flag,
    known_kind,
    known_outcome,
    known_severity,
    not_triaged,
    one_of,
    speaks,
    worded,
)
from upheld.desk.passing import Passing
from upheld.desk.restated import Whose
from upheld.desk.stating import new_id
from upheld.errors import NotFound, Refusal
from upheld.ledger import Transaction
from upheld.policy.model import Policy

#: For whom a case can wait, and by what it can be solved.
PARTIES: Final = ("customer", "vendor")
SOLUTIONS: Final = ("fix", "workaround", "plan")


@dataclass(frozen=True, slots=True)
class Verbs(Demands, Passing):
    """``case`` is what people say: C7, or the number the customer was told."""

    def open(
        self,
        opened: Opened,
        actor: Actor,
        *,
        at: Instant | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> str:
        """Enter a case, with what is known of it beside; answers its handle."""
        when = self.records.clock.now() if at is None else at
        event_id = new_id()
        return self.records.ledger.retrying(
            lambda tx: self.records.open(
                tx, opened, actor=actor, event_id=event_id, at=when, fields=fields
            )
        )

    def triage(
        self, case: str, actor: Actor, severity: int, *, number: str | None = None, reason: str = ""
    ) -> None:
        """Set the severity and the number; once a case.

        A number that nobody gives is the tracker's own, or the next of ours where there is none.
        """
        self._staff(actor, "triage")

        def check(policy: Policy, state: CaseState) -> None:
            known_severity(policy, severity)
            if state.rejected:
                raise Refusal(
                    f"{case} was found to need no number", do_next=f"upheld cases reopen {case} WHY"
                )
            if state.triaged:
                raise Refusal(
                    f"{case} is triaged already, as severity {state.severity}",
                    do_next=f"to change it: upheld cases severity {case} {severity}",
                )

        self._state(case, Triaged(severity, number, reason), actor, check)

    def reject(self, case: str, actor: Actor, reason: str) -> None:
        """Triage found that this needs no number."""
        self._staff(actor, "reject")
        self._state(case, Rejected(reason), actor, not_triaged)

    def severity(self, case: str, actor: Actor, severity: int, reason: str = "") -> None:
        """Raise or lower the severity. Raising to 1 pages at once."""
        self._staff(actor, "set the severity of")
        self._state(
            case,
            SeveritySet(severity, reason),
            actor,
            lambda policy, _state: known_severity(policy, severity),
        )

    def flag(self, case: str, actor: Actor, flag: str, *, on: bool = True) -> None:
        """Set or clear a flag of the policy."""
        self._staff(actor, "flag")
        self._state(case, Flagged(flag, on), actor, lambda policy, _: known_flag(policy, flag))

    def outcome(
        self, case: str, actor: Actor, outcome: str | None, reason: str, about: str = ""
    ) -> None:
        """Say what it turned out to be, or take that back (None). Some outcomes stop its clocks."""
        self._staff(actor, "judge")
        body = OutcomeSet(outcome, worded(reason), about)
        self._state(case, body, actor, lambda policy, state: known_outcome(policy, state, outcome))

    def kind(self, case: str, actor: Actor, kind: str) -> None:
        """Say what kind of request it is."""
        self._staff(actor, "classify")
        self._state(case, KindSet(kind), actor, lambda policy, _: known_kind(policy, kind))

    def restate(
        self, case: str, actor: Actor, *, title: str = "", customer: str = "", reporter: str = ""
    ) -> None:
        """Say otherwise what it is about, whose it is, who reported it. From here on nobody of another
        customer hears of it."""
        self._staff(actor, "restate")
        said = self._read(lambda tx: opening(tx.subject(tx.find(case)).facts))
        if said is None:
            raise Refusal(f"what opened {case} was erased", do_next="enter it as a case of its own")
        now, whose = self.records.clock.now(), Whose(self.records.book.directory)
        self._state(case, whose.by_people(said, now, title, customer, reporter), actor)

    def work(self, case: str, actor: Actor, *, override: str = "") -> None:
        """Begin: from here the case is being worked."""
        self._staff(actor, "work")
        self._state(case, Worked(override=override), actor, gate(case, "work", override))

    def reply(self, case: str, actor: Actor, text: str) -> None:
        """Answer the customer; the text goes out to them."""
        self._staff(actor, "reply to")
        check = speaks(self.records.book.directory, actor)
        self._state(case, PublicReply(worded(text), send=True), actor, check)

    def note(self, case: str, actor: Actor, text: str) -> None:
        """Write an internal note."""
        self._state(case, Noted(worded(text)), actor)

    def call(self, case: str, actor: Actor, text: str = "", to: str = "") -> None:
        """Log that the customer was spoken to."""
        self._staff(actor, "log a call for")
        self._state(case, CallLogged(text, to), actor)

    def acknowledge(self, case: str, actor: Actor, key: str = "") -> None:
        """Answer a page, or without a ``key`` each that is out: it stops the delivery, not the step."""
        self._staff(actor, "answer a page of")
        paged = self._read(lambda tx: was_paged(tx, tx.find(case)))

        def check(_policy: Policy, _state: CaseState) -> None:
            if not key and not paged:
                raise Refusal(f"nobody was paged for {case}", do_next="there is nothing to answer")

        self._state(case, PageAcknowledged(key), actor, check)

    def mobilise(self, case: str, actor: Actor, reason: str = "") -> None:
        """Call in the whole support team (M-06)."""
        self._staff(actor, "mobilise for")
        self._state(case, Mobilised(reason), actor)

    def wait(self, case: str, actor: Actor, party: str) -> None:
        """The case waits for the customer, or for a vendor."""
        self._staff(actor, "set waiting")
        one_of("wait for", party, PARTIES)
        self._state(case, WaitingOn(party), actor)

    def hold(self, case: str, actor: Actor, reason: str, until: Instant | None = None) -> None:
        """Arrange that the case may wait."""
        self._staff(actor, "hold")
        self._state(case, Held(worded(reason), until), actor)

    def release(self, case: str, actor: Actor) -> None:
        """End a hold."""
        self._staff(actor, "release")

        def check(_policy: Policy, state: CaseState) -> None:
            if state.held is None:
                raise Refusal(f"{case} is not held", do_next="there is nothing to end")

        self._state(case, Released(), actor, check)

    def resolve(
        self, case: str, actor: Actor, text: str = "", *, how: str = "fix", override: str = ""
    ) -> None:
        """It is solved: ``fix``, ``workaround`` or ``plan``."""
        self._staff(actor, "resolve")
        one_of("be resolved by", how, SOLUTIONS)
        self._state(case, Resolved(how, text, override), actor, gate(case, "resolve", override))

    def reopen(self, case: str, actor: Actor, reason: str) -> None:
        """It is open again."""

        def check(_policy: Policy, state: CaseState) -> None:
            if state.status not in {Status.RESOLVED, Status.CLOSED}:
                raise Refusal(
                    f"{case} is open: {state.status}", do_next="work it, or write a note on it"
                )

        self._state(case, Reopened(worded(reason)), actor, check)

    def close(self, case: str, actor: Actor, reason: str = "", *, override: str = "") -> None:
        """It is over."""
        self._staff(actor, "close")
        passing = gate(case, "close", override)

        def check(policy: Policy, state: CaseState) -> None:
            if state.status is Status.CLOSED:
                raise Refusal(f"{case} is closed already")
            passing(policy, state)

        self._state(case, Closed(reason, override), actor, check)

    def attach(self, case: str, actor: Actor, parent: str) -> None:
        """Fold this case's pages and statuses into its parent's."""
        self._staff(actor, "attach")
        own, found = self._find(case), self._find(parent)
        if found == own:
            raise Refusal(f"{case} can't be attached to itself", do_next="name the other case")
        body = Attached(found, self._other_customer(own, found))
        self._state(case, body, actor, lambda _policy, state: self._speaks(found, own, state))

    def detach(self, case: str, actor: Actor) -> None:
        """Let the case stand for itself again."""
        self._staff(actor, "detach")

        def check(_policy: Policy, state: CaseState) -> None:
            if state.parent is None:
                raise Refusal(f"{case} is attached to no other", do_next="there is nothing to end")

        self._state(case, Detached(), actor, check)

    def take_in(self, case: str, actor: Actor) -> None:
        """Enforce the policy on a case that was there before; only what is due from now on."""
        self._staff(actor, "take in")
        self._state(case, Enforced(self.records.clock.now(), "taken in"), actor)

    def annul(self, case: str, actor: Actor, key: str, reason: str) -> None:
        """Annul a verdict, with a reason; it stays on record as annulled."""
        self._staff(actor, "annul a verdict of")
        verdicts = self._read(lambda tx: _verdicts(tx, tx.find(case)))
        if key not in verdicts:
            raise NotFound(
                f"{case} has no verdict {key!r}",
                do_next=f"verdicts are: {', '.join(sorted(verdicts)) or 'none yet'}",
            )
        self._state(case, Annulled(key, worded(reason)), actor)

    def _speaks(self, parent: str, own: str, child: CaseState) -> None:
        """A parent speaks for its children, so it must be able to speak itself."""
        why = self._read(lambda tx: self.records.why_unsaid(tx, own, child, parent))
        if why is not None:
            circle = why.endswith("in turn")
            raise Refusal(
                f"{own} can't be attached to {parent}: {why}",
                do_next=f"detach {parent} first"
                if circle
                else "reopen it, raise it or take it in; or attach to another one",
            )

    def _other_customer(self, own: str, parent: str) -> str | None:
        """The parent's customer, where it is another one; "" where it has none."""
        cases = self._read(lambda tx: (tx.case(own), tx.case(parent)))
        one, other = (each.customer for each in cases)
        return None if one == other else other or ""


def _verdicts(tx: Transaction, case: str) -> set[str]:
    bodies = (stored.event.body for stored in tx.events(case) if stored.event)
    return {body.key for body in bodies if isinstance(body, VerdictGiven)}


def was_paged(tx: Transaction, case: str) -> bool:
    """Whether anything of this case was ever meant to wake somebody."""
    return any(item.purpose == Purpose.PAGE for item in tx.items(subject=case))
