"""Stories as a support manager would tell them; whatever is sent and was not expected fails."""

from __future__ import annotations

from datetime import datetime, timedelta

from upheld.calendar.instant import Instant, instant, iso, moment, span
from upheld.case.events import Actor, Opened, Side, VerdictGiven
from upheld.case.state import CaseState
from upheld.desk.verbs import Verbs
from upheld.engine.case import Life
from upheld.ledger import ListedCase, StoredEvent
from upheld.testing.stage import Got, Stage

PAT = "pat@acme.example"
RAY = "ray@acme.example"
ANN, BO, CY, VERA = "ann", "bo", "cy", "vera"
STAFF = Actor(BO, Side.STAFF)
BO_MAIL = "bo@magnolia.example"
PHONE = "+12025550111"
RAYS_PHONE = "+12025550112"


class Story:
    """What happens (``mail``, ``do``, ``forward``), and what must come of it (``expect_…``)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.taken: list[Got] = []

    # --- what happens ---------------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        return self.stage.clock.now()

    @property
    def do(self) -> Verbs:
        return self.stage.site.verbs

    def mail(self, sender: str, subject: str, text: str = "…", **headers: str) -> str:
        """A mail arrives at the support address, now."""
        message_id: str = self.stage.mail.write(sender, subject, text, headers=headers or None)
        self.stage.settle()
        return message_id

    def answer(self, sender: str, to: str, text: str, subject: str = "Re:") -> str:
        """An answer to the message with the id ``to`` arrives, now."""
        message_id: str = self.stage.mail.write(sender, subject, text, in_reply_to=to)
        self.stage.settle()
        return message_id

    def settle(self) -> None:
        self.stage.settle()

    def forward(self, **by: float) -> None:
        """Let time pass: ``forward(hours=2)``."""
        self.stage.forward_to(self.now + span(timedelta(**by)))

    def until(self, at: str) -> None:
        """Let time pass until an instant, written in ISO 8601."""
        self.stage.forward_to(instant(datetime.fromisoformat(at)))

    def severity_1(self, subject: str = "Nobody can connect") -> str:
        """A case that is triaged as severity 1 in the minute in which it came; the first mails and
        pages of it are expected. Answers its handle."""
        self.mail(PAT, subject)
        self.expect_mail(PAT, f"Re: {subject}")
        self.expect_page(BO)
        self.do.triage("C1", STAFF, 1, number="1042")
        self.settle()
        self.expect_mail(PAT, "[1042]")
        self.expect_page(ANN)
        self.expect_page(BO)
        return "C1"

    def phoned(self, subject: str, severity: int) -> str:
        """A case that staff enters and triages at once; its number is the handle's."""
        opened = Opened(
            "phone",
            subject,
            "told on the phone",
            reporter=PAT,
            customer="acme",
            enforced_from=self.now,
        )
        case = self.do.open(opened, STAFF)
        self.do.triage(case, STAFF, severity, number=f"2{case[1:]}")
        self.settle()
        return case

    # --- what must come of it -------------------------------------------------------------------

    def expect_mail(self, to: str, subject: str, *, at: str | None = None) -> Got:
        return self._expect("mail", to, subject, at)

    def expect_page(self, to: str, *, at: str | None = None) -> Got:
        return self._expect("page", to, "trigger", at)

    def expect_call(self, number: str, *, at: str | None = None) -> Got:
        return self._expect("voice", number, "", at)

    def expect_stand_down(self, to: str, how: str, *, at: str | None = None) -> Got:
        """``how`` is acknowledge (it is being worked) or resolve (lowered, closed)."""
        return self._expect("page", to, how, at)

    def expect_ask(self, *, at: str | None = None) -> Got:
        """The engineer is asked for a sentence."""
        return self._expect("mail", BO_MAIL, "A sentence for the customer", at)

    def expect_status(self, *, at: str | None = None) -> Got:
        return self._expect("mail", PAT, "Status:", at)

    def nothing_else(self) -> None:
        """Everything that the far ends got was expected."""
        self.settle()
        left = self._left()
        assert not left, "unexpected:\n" + "\n".join(_line(got) for got in left)

    def _left(self) -> list[Got]:
        left = self.stage.got()
        for got in self.taken:
            left.remove(got)
        return left

    def _expect(self, channel: str, to: str, what: str, at: str | None) -> Got:
        when = self.now if at is None else self._instant(at)
        for got in self._left():
            if (got.channel, got.to, got.at) == (channel, to, when) and what in got.what:
                self.taken.append(got)
                return got
        wanted = f"{iso(when)} {channel} to {to}: {what}"
        there = "\n".join(_line(got) for got in self._left()) or "nothing"
        raise AssertionError(f"missing: {wanted}\nthere is, unexpected so far:\n{there}")

    def _instant(self, at: str) -> Instant:
        """``23:34`` is that time of the night: the first such instant from the story's start on."""
        begun = datetime.fromisoformat("2026-03-28T22:30:00+00:00")
        found = begun.replace(hour=int(at[:2]), minute=int(at[3:5]))
        return instant(found if found >= begun else found + timedelta(days=1))

    # --- what is on record ----------------------------------------------------------------------

    def cases(self) -> list[ListedCase]:
        with self.stage.site.ledger.reading() as tx:
            return tx.cases()

    def life(self, case: str = "C1") -> Life:
        records = self.stage.site.records
        with self.stage.site.ledger.reading() as tx:
            return records.life(tx.subject(case))

    def state(self, case: str = "C1") -> CaseState:
        return self.life(case).state

    def events(self, case: str = "C1") -> list[StoredEvent]:
        with self.stage.site.ledger.reading() as tx:
            return tx.events(case)

    def verdicts(self, case: str = "C1") -> dict[str, str]:
        """Clause -> its last verdict."""
        bodies = (stored.event.body for stored in self.events(case) if stored.event)
        return {body.clause: body.verdict for body in bodies if isinstance(body, VerdictGiven)}


def _line(got: Got) -> str:
    return f"{moment(got.at):%m-%d %H:%M:%S} {got.channel} to {got.to}: {got.what}"
