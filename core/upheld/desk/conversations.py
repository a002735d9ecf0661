"""Which conversation a message belongs to, and which of several messages it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from upheld.case.decision import Subject
from upheld.case.events import Opened
from upheld.case.opening import opening
from upheld.desk.answers import speaks_for
from upheld.directory import Sender
from upheld.errors import NotFound
from upheld.ledger import Transaction
from upheld.plugin import Inbound, Message

if TYPE_CHECKING:
    from upheld.desk.intake import Source

#: What stands before the thread in a token that a plugin has found signed by us.
_SIGNED: Final = "token:"
#: What stands before a number that a plugin has found in the subject line.
_NUMBER: Final = "subject:"


def told_apart(tx: Transaction, source: Source, item: Inbound) -> Inbound:
    """Another message under an id that came before has an id of its own."""
    if not isinstance(item, Message) or item.digest is None:
        return item
    before = tx.digests((source.name, *source.alike), item.id)
    if not before or before & {None, item.digest}:
        return item
    return replace(item, id=f"{item.id}#{item.digest}")


def subject_of(tx: Transaction, source: Source, message: Message, sender: Sender) -> Subject | None:
    """The subject in whose conversation it was written; None: it begins one."""
    tokens = [token for token in message.thread if not token.startswith(_NUMBER)]
    found = tx.thread(source.name, tokens) or _beside(tx, source, message, tokens)
    if found is not None:
        return tx.subject(found)
    return _vouched_for(tx, tokens) or _named(tx, message, sender)


def _beside(tx: Transaction, source: Source, message: Message, tokens: Sequence[str]) -> str | None:
    """The subject as another mailbox of ours knows it: it was written to both, or answers what came from
    there. Message ids alone are looked for: what else there may be means something there only."""
    ids = [token for token in (message.id, *tokens) if token.startswith("<")]
    return tx.thread_of_any(source.alike, ids) if len(source.alike) > 1 and ids else None


def _vouched_for(tx: Transaction, tokens: Sequence[str]) -> Subject | None:
    """The subject that a signed token of ours names. After a restore it may be all that is known of
    what we had sent; where ids are on record, they are surer: numbers may have been given anew."""
    for token in tokens:
        if token.startswith(_SIGNED):
            with suppress(NotFound):
                return tx.subject(token.removeprefix(_SIGNED))
    return None


def _named(tx: Transaction, message: Message, sender: Sender) -> Subject | None:
    """The case whose number stands in the subject, for proven people of ours and those who speak for
    its customer alone: anybody can write a number, and numbers can be guessed."""
    numbers = [each for each in message.thread if each.startswith(_NUMBER)]
    for number in numbers if message.verified else ():
        with suppress(NotFound):
            case = tx.subject(tx.find(number.removeprefix(_NUMBER)))
            if _takes_part(opening(case.facts), sender):
                return case
    return None


def _takes_part(opened: Opened | None, sender: Sender) -> bool:
    if opened is None or sender.kind == "staff":
        return opened is not None
    return sender.customer == opened.customer is not None and speaks_for(sender, opened.reporter)
