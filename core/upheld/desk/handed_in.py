"""A mail that reached one of ours, who hands it in for the customer: a first line ``#open ADDRESS``. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from upheld.plugin import Actor, Message

_FOR: Final = re.compile(r"#open[ \t:]+<?([^\s<>@]+@[^\s<>@]+?)>?", re.IGNORECASE)


def handed_in(message: Message) -> Message | None:
    """The message as that of the address for which it is handed in; None where it says no such thing.

    Who wrote what stands below, a forwarded mail tells in a hundred ways, or not at all: so it is said.
    """
    first, _, rest = message.text.lstrip().partition("\n")
    found = _FOR.fullmatch(first.strip())
    if found is None:
        return None
    address = found[1].lower()
    by = Actor(address, addresses=(address,))
    return replace(message, by=by, text=rest.lstrip("\n"), fresh=None)
