"""What a person can do to a case, at our own doors: CLI, portal, tracker verbs, answers to a page.

Each verb checks the gates of the policy the case is pinned to, then records one fact. Every verb
takes the actor; nothing happens in nobody's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from upheld.calendar.instant import Instant
from upheld.case.events import (
    Actor,
    Annulled,
    Assigned,
    Attached,
    Body,
    CallLogged,
    Closed,
    Detached,
    Enforced,
    Escalated,
    Event,
    Flagged,
    Held,
    KindSet,
    Mobilised,
    Noted,
    Opened,
    OutcomeSet,
    PageAcknowledged,
    Provided,
    PublicReply,
    Queued,
    Rejected,
    Released,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    Triaged,
    VerdictGiven,
    WaitingOn,
    Worked,
)
from upheld.case.state import CaseState, Status
from upheld.desk.records import Records
from upheld.engine.gates import missing
from upheld.errors import NotFound, Refusal
from upheld.ledger import CaseFilter, Transaction
from upheld.policy.model import Gate, Policy
from upheld.policy.names import outcomes_of

Check = Callable[[Policy, CaseState], None]
#: For whom a case can wait, and by what it can be solved.
PARTIES: Final = ("customer", "vendor")
SOLUTIONS: Final = ("fix", "workaround", "plan")
#: Where no tracker gives numbers, ours begin here: a number should not look like a count.
FIRST_NUMBER: Final = 1001


def new_id() -> str:
    """The id of a fact that a person states now."""
    return f"desk:{uuid4().hex}"


@dataclass(frozen=True, slots=True)
class Verbs:
    """``case`` is what people say: C7, or the number the customer was told."""

    records: Records

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
            _known_severity(policy, severity)
            if state.triaged:
                raise Refusal(
                    f"{case} is triaged already, as severity {state.severity}",
                    do_next=f"to change it: upheld cases severity {case} {severity}",
                )

        self._state(case, Triaged(severity, number, reason), actor, check)

    def reject(self, case: str, actor: Actor, reason: str) -> None:
        """Triage found that this needs no number."""
        self._staff(actor, "reject")
        self._state(case, Rejected(reason), actor, _not_triaged)

    def severity(self, case: str, actor: Actor, severity: int, reason: str = "") -> None:
        """Raise or lower the severity. Raising to 1 pages at once."""
        self._staff(actor, "set the severity of")
        self._state(
            case,
            SeveritySet(severity, reason),
            actor,
            lambda policy, _state: _known_severity(policy, severity),
        )

    def flag(self, case: str, actor: Actor, flag: str, *, on: bool = True) -> None:
        """Set or clear a flag of the policy."""
        self._staff(actor, "flag")
        self._state(case, Flagged(flag, on), actor, lambda policy, _: _known_flag(policy, flag))

    def outcome(
        self, case: str, actor: Actor, outcome: str | None, reason: str, about: str = ""
    ) -> None:
        """Say what it turned out to be, or take that back (None). Some outcomes stop its clocks."""
        self._staff(actor, "judge")
        body = OutcomeSet(outcome, _text(reason), about)
        self._state(case, body, actor, lambda policy, state: _known_outcome(policy, state, outcome))

    def kind(self, case: str, actor: Actor, kind: str) -> None:
        """Say what kind of request it is."""
        self._staff(actor, "classify")
        self._state(case, KindSet(kind), actor, lambda policy, _: _known_kind(policy, kind))

    def assign(self, case: str, actor: Actor, to: str) -> None:
        """Say who is to work it. Not work by itself."""
        self._staff(actor, "assign")
        self._state(case, Assigned(to), actor)

    def queue(self, case: str, actor: Actor, queue: str) -> None:
        """Move it to another queue."""
        self._staff(actor, "move")
        self._state(case, Queued(queue), actor)

    def work(self, case: str, actor: Actor) -> None:
        """Begin: from here the case is being worked."""
        self._staff(actor, "work")
        self._state(case, Worked(), actor)

    def reply(self, case: str, actor: Actor, text: str) -> None:
        """Answer the customer; the text goes out to them."""
        self._staff(actor, "reply to")
        self._state(case, PublicReply(_text(text), send=True), actor)

    def note(self, case: str, actor: Actor, text: str) -> None:
        """Write an internal note."""
        self._state(case, Noted(_text(text)), actor)

    def call(self, case: str, actor: Actor, text: str = "", to: str = "") -> None:
        """Log that the customer was spoken to."""
        self._staff(actor, "log a call for")
        self._state(case, CallLogged(text, to), actor)

    def acknowledge(self, case: str, actor: Actor, key: str = "") -> None:
        """Answer a page: it stops the delivery, not the step."""
        self._state(case, PageAcknowledged(key), actor)

    def mobilise(self, case: str, actor: Actor, reason: str = "") -> None:
        """Call in the whole support team (M-06)."""
        self._staff(actor, "mobilise for")
        self._state(case, Mobilised(reason), actor)

    def wait(self, case: str, actor: Actor, party: str) -> None:
        """The case waits for the customer, or for a vendor."""
        self._staff(actor, "set waiting")
        _one_of("wait for", party, PARTIES)
        self._state(case, WaitingOn(party), actor)

    def hold(self, case: str, actor: Actor, reason: str, until: Instant | None = None) -> None:
        """Arrange that the case may wait."""
        self._staff(actor, "hold")
        self._state(case, Held(_text(reason), until), actor)

    def release(self, case: str, actor: Actor) -> None:
        """End a hold."""
        self._state(case, Released(), actor)

    def provide(self, case: str, actor: Actor, item: str, value: str = "") -> None:
        """Record something that a ``require`` rule asks for."""
        self._state(case, Provided(item, value), actor)

    def resolve(
        self, case: str, actor: Actor, text: str = "", *, how: str = "fix", override: str = ""
    ) -> None:
        """It is solved: ``fix``, ``workaround`` or ``plan``."""
        self._staff(actor, "resolve")
        _one_of("be resolved by", how, SOLUTIONS)
        self._state(case, Resolved(how, text, override), actor, _gate(case, "resolve", override))

    def close(self, case: str, actor: Actor, reason: str = "", *, override: str = "") -> None:
        """It is over."""
        self._staff(actor, "close")
        gate = _gate(case, "close", override)

        def check(policy: Policy, state: CaseState) -> None:
            if state.status is Status.CLOSED:
                raise Refusal(f"{case} is closed already")
            gate(policy, state)

        self._state(case, Closed(reason, override), actor, check)

    def reopen(self, case: str, actor: Actor, reason: str) -> None:
        """It is open again."""

        def check(_policy: Policy, state: CaseState) -> None:
            if state.status not in {Status.RESOLVED, Status.CLOSED}:
                raise Refusal(
                    f"{case} is open: {state.status}", do_next="work it, or write a note on it"
                )

        self._state(case, Reopened(_text(reason)), actor, check)

    def escalate(self, case: str, actor: Actor, to: str, reason: str) -> None:
        """Escalate to a role or a queue; the severity stays."""
        self._state(case, Escalated(to, _text(reason)), actor)

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
        self._state(case, Detached(), actor)

    def take_in(self, case: str, actor: Actor) -> None:
        """Enforce the policy on a case that was there before; only what is due from now on."""
        self._staff(actor, "take in")
        self._state(case, Enforced(self.records.clock.now(), "taken in"), actor)

    def annul(self, case: str, actor: Actor, key: str, reason: str) -> None:
        """Annul a verdict, with a reason; it stays on record as annulled."""
        self._staff(actor, "annul a verdict of")
        verdicts = self.records.read(lambda tx: _verdicts(tx, tx.find(case)))
        if key not in verdicts:
            raise NotFound(
                f"{case} has no verdict {key!r}",
                do_next=f"verdicts are: {', '.join(sorted(verdicts)) or 'none yet'}",
            )
        self._state(case, Annulled(key, _text(reason)), actor)

    def _speaks(self, parent: str, own: str, child: CaseState) -> None:
        """A parent speaks for its children, so it must be able to speak itself."""
        why = self.records.read(lambda tx: self.records.why_unsaid(tx, own, child, parent))
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
        cases = self.records.read(lambda tx: (tx.case(own), tx.case(parent)))
        one, other = (each.customer for each in cases)
        return None if one == other else other or ""

    def _find(self, case: str) -> str:
        return self.records.read(lambda tx: tx.find(case))

    def _state(self, case: str, body: Body, actor: Actor, check: Check | None = None) -> None:
        event_id = new_id()
        self.records.ledger.retrying(
            lambda tx: self._record(tx, case, body, actor, check, event_id)
        )

    def _record(
        self,
        tx: Transaction,
        case: str,
        body: Body,
        actor: Actor,
        check: Check | None,
        event_id: str,
    ) -> None:
        subject = tx.subject(tx.find(case))
        now = self.records.clock.now()
        state = self.records.life(subject, now).state
        if check is not None:
            check(self.records.book.of(subject.policy).policy, state)
        if isinstance(body, Triaged):
            body = replace(body, number=_number(tx, body.number, state))
        event = Event(event_id, now, now, actor, body)
        if self.records.add(tx, subject.id, event) is not None:
            self.records.propose_anew(tx, subject.id, event)

    def _staff(self, actor: Actor, verb: str) -> None:
        if actor.side is not Side.STAFF:
            raise Refusal(
                f"{actor.id} can't {verb} a case: only staff can",
                do_next="name a person of upheld.yaml with --as",
            )


def _number(tx: Transaction, given: str | None, state: CaseState) -> str | None:
    """The number that triage gives; None where the tracker's own will be told."""
    if given is None:
        tracked = state.tracker_key or state.opened.create_on
        return None if tracked else str(FIRST_NUMBER - 1 + tx.next_number("case number"))
    if tx.cases(CaseFilter(number=given), limit=1):
        raise Refusal(
            f"another case has the number {given}", do_next="give a new one, or leave it out"
        )
    return given


def _verdicts(tx: Transaction, case: str) -> set[str]:
    bodies = (stored.event.body for stored in tx.events(case) if stored.event)
    return {body.key for body in bodies if isinstance(body, VerdictGiven)}


def _gate(case: str, before: str, override: str) -> Check:
    def check(policy: Policy, state: CaseState) -> None:
        for lack in missing(policy, state, before):
            if lack.gate is not Gate.PREVENT or (lack.override and override):
                continue
            way_out = f"or override it: --override '{lack.override}'" if lack.override else ""
            raise Refusal(
                f"{case} can't {before} yet: {lack.clause.id} needs {', '.join(lack.needs)} first"
                f" ({lack.clause.published!r})",
                do_next=f"record what is missing {way_out}".strip(),
            )

    return check


def _not_triaged(_policy: Policy, state: CaseState) -> None:
    if state.triaged:
        raise Refusal("a triaged case has been promised something", do_next="resolve or close it")


def _known_severity(policy: Policy, severity: int) -> None:
    if severity not in policy.severities:
        names = ", ".join(f"{level} {each.name}" for level, each in policy.severities.items())
        raise Refusal(
            f"policy {policy.name!r} has no severity {severity}", do_next=f"it has: {names}"
        )


def _known_flag(policy: Policy, flag: str) -> None:
    if flag not in policy.needs.flags:
        known = ", ".join(policy.needs.flags) or "none"
        raise Refusal(f"policy {policy.name!r} has no flag {flag!r}", do_next=f"it has: {known}")


def _known_outcome(policy: Policy, state: CaseState, outcome: str | None) -> None:
    if outcome is None and state.outcome is None:
        raise Refusal("it has no outcome to take back", do_next="say which it has, and why")
    if outcome is not None and outcome not in outcomes_of(policy):
        known = ", ".join(outcomes_of(policy)) or "none"
        raise Refusal(
            f"policy {policy.name!r} has no outcome {outcome!r}", do_next=f"it has: {known}"
        )


def _known_kind(policy: Policy, kind: str) -> None:
    if kind not in policy.kinds:
        known = ", ".join(policy.kinds) or "none"
        raise Refusal(f"policy {policy.name!r} has no kind {kind!r}", do_next=f"it has: {known}")


def _one_of(what: str, word: str, known: tuple[str, ...]) -> None:
    # A word that the engine does not know would make every later decision of the case fail.
    if word not in known:
        raise Refusal(f"a case can't {what} {word!r}", do_next=f"say {' or '.join(known)}")


def _text(text: str) -> str:
    if not text.strip():
        raise Refusal("there is no text", do_next="say it in a few words")
    return text
