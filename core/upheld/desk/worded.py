"""What a message says on its case: what is new in it, all of it, and which files came with it. Pure."""

from __future__ import annotations

from typing import Final

from upheld.case.events import CustomerMessage, Noted
from upheld.directory import Sender
from upheld.plugin import Message

#: So many files of a message are named on its case.
_FILES: Final = 20


def fresh(message: Message) -> str:
    """What is new in it; all of it where its plugin has not looked."""
    return message.text if message.fresh is None else message.fresh


def whole(message: Message) -> str:
    """All that came, where that is more than what is new."""
    return "" if message.fresh in {None, message.text} else message.text


def customers_words(message: Message, customer: str | None = None) -> CustomerMessage:
    """What the customer wrote."""
    if not fresh(message).strip():  # they wrote something, and nobody can tell where
        return CustomerMessage(with_files(message.text, message), message.by.id, customer)
    text = with_files(fresh(message), message)
    return CustomerMessage(text, message.by.id, customer, whole(message))


def unverified(message: Message) -> Noted:
    """What somebody wrote who is not proven to be who they say."""
    text = with_files(message.text, message)
    return Noted(f"[unverified sender {message.by.id}] {message.subject}\n{text}")


def noted(message: Message, sender: Sender) -> Noted:
    """What somebody wrote where nothing comes of it; whoever of ours they say they are is to be proven."""
    if sender.person is None or not message.verified:
        return unverified(message)
    return Noted(f"{message.subject}\n{with_files(message.text, message)}")


def with_files(text: str, message: Message) -> str:
    """The files lie where the message does; who reads the case is told that there are some."""
    if not message.attachments:
        return text
    names = [f"{each.name} ({_size(each.size)})" for each in message.attachments[:_FILES]]
    more = len(message.attachments) - len(names)
    return f"{text.rstrip()}\n\n[files: {', '.join(names)}{f', {more} more' if more else ''}]\n"


def _size(size: int) -> str:
    return f"{size} bytes" if size < 1000 else f"{round(size / 1000)} KB"
