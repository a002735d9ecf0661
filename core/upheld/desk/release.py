"""What a person does with quarantine: let something in after all, or drop it. Both stay on record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from upheld.calendar.instant import moment
from upheld.case.events import Actor, Event, Noted
from upheld.desk.intake import Intake, Source
from upheld.errors import Refusal
from upheld.ledger import Fate, Kept, Transaction
from upheld.plugin import Connection, Message, Notifier

_BY_HAND: Final = (
    "see what it says with `upheld mail quarantine show`; `upheld cases open` enters it by hand"
)


def read_again(kept: Kept, plugin: Connection[Any]) -> Message:
    """The message in what was kept. Raises `Refusal` where there is none, or it can't be taken still."""
    if kept.fate is Fate.REFERRED:
        raise Refusal(
            f"{kept.number} was answered: {kept.sender} was referred elsewhere",
            do_next="write the sender under `customers`: what they write next opens a case",
        )
    if not isinstance(plugin, Notifier):
        what = f"{kept.number} is no message, but an item of {kept.connection}"
        raise Refusal(what, do_next="`upheld sync` reads the tracker again")
    found = plugin.reread(kept.raw, moment(kept.at))
    if not isinstance(found, Message):
        raise Refusal(f"{kept.number} can't be taken still: {found.reason}", do_next=_BY_HAND)
    return found


def release(
    tx: Transaction, intake: Intake, source: Source, kept: Kept, message: Message, actor: Actor
) -> str:
    """Put it through intake; the subject that it belongs to now. Raises `Refusal` where it was
    settled before, or where still nothing is to become of it."""
    now = intake.records.clock.now()
    settle(tx, kept, Fate.RELEASED, actor, None, now)
    # Under the id by which it was kept, where another mail has come under its own since.
    if message.id != kept.item and not tx.claim_item(source.name, message.id, message.digest):
        message = replace(message, id=kept.item)
    subject = intake.let_in(tx, source, message)
    if subject is None:
        sender = intake.directory.sender(message.by.id, kept.at)
        raise Refusal(
            f"the policy has no rule for mail from {sender.kind} ({message.by.id})",
            do_next="write the sender under `customers`, or a rule under `intake`; then release it",
        )
    said = Noted(f"Released from quarantine, where it was because: {kept.reason}")
    event = Event(f"{message.id}/released", now, now, actor, said)
    intake.records.add(tx, subject, event)
    return subject


def settle(
    tx: Transaction, kept: Kept, fate: Fate, actor: Actor, why: str | None, now: int
) -> None:
    """Write down what became of it. Raises `Refusal` where that was done before."""
    if not tx.settle_kept(kept.number, fate, by=actor.id, why=why, now=now):
        was = tx.kept_as(kept.number)
        raise Refusal(
            f"{kept.number} was {was.fate.value} before, by {was.settled_by}",
            do_next="see `upheld mail quarantine list --all`",
        )
