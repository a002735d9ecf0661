"""A mail that reached one of ours, who hands it in for the customer: a first line ``#open ADDRESS``. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from upheld.directory import Sender
from upheld.plugin import Actor, Message

#: As programs write an address: `Pat <pat@acme.example>`, `pat@acme.example<mailto:pat@acme.example>`.
_FOR: Final = re.compile(
    r"#open[ \t:]++(?:[^<>@]*<)?([^\s<>@]+@[^\s<>@]*[^\s<>@.,;])>?(?:\s?<mailto:[^<>]*>)?>?[.,;]?",
    re.IGNORECASE,
)
_SHOWN: Final = 100  # letters of an address: anybody can make one as long as a mail
_ASKED: Final = re.compile(r"#open(?![\w-])", re.IGNORECASE)


def handed_in(message: Message) -> Message | None:
    """The message as that of the address for which it is handed in; None where it says no such thing.

    Who wrote what stands below, a forwarded mail tells in a hundred ways, or not at all: so it is said.
    """
    first, rest = _lines(message)
    found = _FOR.fullmatch(first)
    if found is None:
        return None
    address = found[1].lower()
    by = Actor(address, addresses=(address,))
    return replace(message, by=by, text=rest.lstrip("\n"), fresh=None)


def why_not(message: Message, sender: Sender) -> str:
    """Why a mail opens nothing; where a person of ours hands it in, also what to do."""
    first, _ = _lines(message)
    if sender.person is None or _ASKED.match(first) is None:
        return f"the policy has no rule for mail from {sender.kind}"
    if not message.verified:
        name = sender.person.name
        return f"#open, but it is not proven to be from {name}: see why their server does not vouch for it"
    given = handed_in(message)
    if given is None:
        return "#open, but no address behind it: have it sent again with #open ADDRESS as its first line"
    address = given.by.id[:_SHOWN]
    return (
        f"#open for {address}, which is no customer's: enter it with its customer, then let this in"
    )


def _lines(message: Message) -> tuple[str, str]:
    """The first line that says something, and what stands below."""
    first, _, rest = message.text.lstrip().partition("\n")
    return first.strip(), rest
