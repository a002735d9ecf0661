"""What is said of a case in one place stands in the others too: which message goes where. Pure.

Nothing goes back to where it came from, and nothing that a machine wrote goes anywhere: two machines
would talk for ever. What is internal is shown to nobody else, wherever it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import Body, CustomerMessage, Event, Noted, PublicReply, Side
from upheld.ledger import Link
from upheld.plugin import Ability, Visibility

#: Whose notes are for others to read. A bot's would be answered by the next bot.
_PEOPLE: Final = frozenset({Side.STAFF, Side.CUSTOMER, Side.UNKNOWN})
_HOW: Final[dict[type[Body], str]] = {
    CustomerMessage: "wrote",
    PublicReply: "answered the customer",
    Noted: "noted",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a case: who said it, how (wrote, noted …), and whether the customer may read it."""

    who: str
    how: str
    text: str
    public: bool


def said(event: Event) -> Said | None:
    """What an event has to say elsewhere; None where that is nothing."""
    body, who = event.body, event.actor.id
    match body:
        case CustomerMessage(text=text, sender=sender):
            return Said(sender or who, _HOW[CustomerMessage], text, public=True)
        case PublicReply(text=text):
            return Said(who, _HOW[PublicReply], text, public=True)
        case Noted(text=text) if event.actor.side in _PEOPLE:
            return Said(who, _HOW[Noted], text, public=False)
        case _:
            return None


def elsewhere(event: Event, links: Sequence[Link]) -> tuple[Said | None, str | None]:
    """The message in an event, and the connection of the item in whose comments it was said.

    Of an item's other news (a status that nobody knows, left as a note) nothing is told elsewhere.
    """
    for link in links:
        prefix = f"{link.connection}:{link.remote_id}/"
        if event.id.startswith(prefix):
            comment = event.id.startswith(f"{prefix}comment:")
            return (said(event) if comment else None), link.connection
    return said(event), None


@dataclass(frozen=True, slots=True)
class News:
    """Events of a case since its links were looked at, each with its ``seq``."""

    events: Sequence[tuple[int, Event]]
    links: Sequence[Link]

    def mirrors(
        self, shown_on: Callable[[str, bool], Visibility | None]
    ) -> Iterator[tuple[int, str]]:
        """Which of them are to stand on which tracker as well, in their order.

        Not what was said on an item before it was linked to this case.
        """
        since = {link.connection: link.since for link in self.links}
        for seq, event in self.events:
            what, source = elsewhere(event, self.links)
            if source is not None and event.at < since[source]:
                continue
            for link in self.links if what else ():
                news = link.mirrored < seq and link.connection != source
                if what and news and shown_on(link.connection, what.public) is not None:
                    yield seq, link.connection

    def answers(
        self, unheard: Callable[[str], bool], enforced: Instant | None
    ) -> Iterator[tuple[int, str]]:
        """What one of ours answered on a tracker from which the customer hears nothing, with its text.

        Not what was answered before the case was promised anything, or was linked.
        """
        since = {link.connection: (link.mirrored, link.since) for link in self.links}
        for seq, event in self.events if enforced is not None else ():
            _, source = elsewhere(event, self.links)
            if source is None or not isinstance(event.body, PublicReply) or not unheard(source):
                continue
            mirrored, linked = since[source]
            if mirrored < seq and event.at >= max(enforced or 0, linked):
                yield seq, event.body.text


def shown(
    public: bool, connection: str, abilities: Collection[Ability], hears_by: str | None
) -> Visibility | None:
    """Who may read it on a tracker; None where it is not written there at all.

    One voice: where the tracker would write to the customer, who hears by another connection, it is
    for our own people; and what can't be hidden there is not said there.
    """
    if public and (Ability.NOTIFIES_CUSTOMER not in abilities or connection == hears_by):
        return Visibility.PUBLIC
    return Visibility.INTERNAL if Ability.INTERNAL_COMMENTS in abilities else None


def attributed(what: Said, name_of: Callable[[str], str]) -> str:
    """The comment's text: who said it, then their own words."""
    name = name_of(what.who)
    who = name if name == what.who or not name else f"{name} ({what.who})"
    return f"{who or what.who} {what.how}:\n\n{what.text}"
