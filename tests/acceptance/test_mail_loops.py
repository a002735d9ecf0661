"""Machines that answer machines: every loop ends within the caps, and says that it was ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from upheld.desk.intake import CASES_AN_HOUR
from upheld.ledger import Kept
from upheld.testing.stage import SITE, Stage
from upheld_email.simulator import MailSimulator, Sent

PAT = "pat@acme.example"
#: More rounds than any cap allows: a loop that is still going after them has no end.
ROUNDS = 3 * CASES_AN_HOUR
REPORT = """\
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example

Final-Recipient: rfc822; pat@acme.example
Action: failed
Status: 5.1.1
--b
Content-Type: message/rfc822

Message-ID: {returned}
Subject: x

x
--b--
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


def rounds(stage: Stage, answer: Callable[[Sent], object]) -> int:
    """Pat writes, and a machine answers all that Pat is sent; how often it did until all was quiet."""
    stage.mail.write(PAT, "Nobody can connect", "Since noon.")
    seen = 0
    for _ in range(ROUNDS):
        stage.settle()
        new = stage.mail.sent_to(PAT)[seen:]
        if not new:
            return seen
        seen += len(new)
        for mail in new:
            answer(mail)
    raise AssertionError(f"it goes on and on: {seen} answers")


def cases(stage: Stage) -> int:
    with stage.site.ledger.reading() as tx:
        return len(tx.cases())


def kept(stage: Stage) -> list[Kept]:
    with stage.site.ledger.reading() as tx:
        return tx.kept()


def test_a_vacation_responder_gets_one_acknowledgement(stage: Stage) -> None:
    headers = {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}
    answered = rounds(
        stage, lambda _mail: stage.mail.write(PAT, "Out of office", "Monday.", headers=headers)
    )
    assert (answered, cases(stage)) == (1, 1)
    assert [each.reason for each in kept(stage)] == ["automatic mail"]


def test_a_responder_without_manners_is_ended_by_the_caps_and_that_is_said(stage: Stage) -> None:
    """No marker, no thread: each answer looks like a person's new mail."""
    answered = rounds(stage, lambda _mail: stage.mail.write(PAT, "Out of office", "Monday."))
    assert 1 < answered <= CASES_AN_HOUR
    assert cases(stage) <= CASES_AN_HOUR
    assert any(PAT in each.reason for each in kept(stage))


def test_an_address_that_bounces_gets_one_mail(stage: Stage) -> None:
    def bounce(mail: Sent) -> None:
        head = (
            "From: MAILER-DAEMON@mx.acme.example\nReturn-Path: <>\n"
            f"To: {mail.envelope_from or stage.mail.address}\nSubject: Undelivered\n"
            f"Message-ID: <b{len(stage.mail.sent)}@mx.acme.example>\n"
        )
        report = REPORT.format(returned=mail.message["Message-ID"])
        stage.mail.deliver((head + report).replace("\n", "\r\n").encode())

    assert rounds(stage, bounce) == 1
    assert cases(stage) == 1


def test_another_help_desk_that_answers_in_the_thread_is_not_answered_again(stage: Stage) -> None:
    def ticket(mail: Sent) -> None:
        sent = mail.message
        subject = f"[Ticket #{len(stage.mail.sent)}] {sent['Subject']}"
        stage.mail.write(PAT, subject, "We got it.", in_reply_to=str(sent["Message-ID"]))

    assert rounds(stage, ticket) == 1
    assert cases(stage) == 1


class Borealis(Stage):
    """A second instance of ourselves, at a company whose provider we are, and who is ours."""

    def __init__(self, folder: Path, **config: Any) -> None:
        config |= {
            "site": "borealis",
            "customers": {"magnolia": {"name": "Magnolia", "domains": ["magnolia.example"]}},
        }
        super().__init__(folder, config=config)
        self.mail = MailSimulator(self.clock.as_datetime, "support@borealis.example")
        self.mail.add_folder("Sent")


@pytest.mark.parametrize("dropped", [(), ("Auto-Submitted", "Precedence", "X-Loop")])
def test_two_of_us_do_not_talk_to_each_other(tmp_path: Path, dropped: tuple[str, ...]) -> None:
    """Not even where a server on the way drops all that says "automatic"."""
    borealis = {"name": "Borealis", "domains": ["borealis.example"]}
    ours = {"customers": {**SITE["customers"], "borealis": borealis}}
    with Stage(tmp_path / "a", config=ours) as here, Borealis(tmp_path / "b") as there:
        here.mail.write(there.mail.address, "Nobody can connect", "Since noon.")
        carried = {here: 0, there: 0}
        for _ in range(ROUNDS):
            for stage, other in ((here, there), (there, here)):
                stage.settle()
                new = stage.mail.sent_to(other.mail.address)[carried[stage] :]
                carried[stage] += len(new)
                for mail in new:
                    other.mail.deliver(without(mail, dropped))
            if not new:
                break
        assert (carried[here], carried[there]) == (1, 1 if dropped else 0)
        assert (cases(here), cases(there)) == (1, 1 if dropped else 0)
        assert [each.reason for each in kept(there)] == ([] if dropped else ["automatic mail"])


def without(mail: Sent, names: tuple[str, ...]) -> bytes:
    """As it arrives, with its sender proven and some headers lost."""
    message = mail.message
    for name in names:
        del message[name]
    domain = str(message["From"]).rpartition("@")[2].strip(">")
    message["Authentication-Results"] = f"mx.simulator.example; dmarc=pass header.from={domain}"
    return message.as_bytes()
