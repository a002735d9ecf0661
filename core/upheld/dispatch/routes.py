"""To whom, over which connection: pure choices about one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from upheld.case.decision import Purpose
from upheld.directory import Recipient
from upheld.directory.lookup import CUSTOMER, PROVIDER, REPORTER
from upheld.ledger import NewDelivery, OutboxItem
from upheld.plugin import Channel

#: Stands for the channel where an item is created rather than somebody told.
TRACKER: Final = "tracker"


class Mode(StrEnum):
    """The safety catch: shadow sends nothing, redirect all of it to one person."""

    SHADOW = "shadow"
    REDIRECT = "redirect"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Way:
    """A channel over a connection."""

    channel: Channel
    connection: str


@dataclass(frozen=True, slots=True)
class Ways:
    """How people are reached, in order of preference, by what a message is for."""

    page: tuple[Way, ...] = ()
    call: tuple[Way, ...] = ()
    notify: tuple[Way, ...] = ()
    customer: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class SafetyCatch:
    """Which messages may leave: in live mode those for which somebody said so.

    ``live_for`` holds customers and connections, or ``all``; ``local`` are connections that write on
    this machine only.
    """

    mode: Mode = Mode.SHADOW
    redirect: Recipient | None = None
    live_for: frozenset[str] = frozenset()
    local: frozenset[str] = field(default_factory=frozenset)

    def lets(self, delivery: NewDelivery, customer: str | None) -> bool:
        """Whether a delivery of this customer's case may leave.

        What is in doubt stays: an item on a tracker can't be redirected to a person, and without
        anybody to redirect to nothing goes.
        """
        if delivery.connection in self.local:
            return True
        if self.mode is Mode.REDIRECT:
            return self.redirect is not None and delivery.channel != TRACKER
        if self.mode is Mode.SHADOW:
            return False
        return not self.live_for.isdisjoint({delivery.connection, customer, "all"})

    @property
    def why(self) -> str:
        """Why a message is kept in."""
        if self.mode is Mode.LIVE:
            return "live, but not for this customer or connection"
        return f"{self.mode.value} mode"


_BY_PURPOSE: Final[Mapping[Purpose, str]] = {
    Purpose.PAGE: "page",
    Purpose.STAND_DOWN: "page",
    Purpose.CALL: "call",
    Purpose.ASK: "notify",
    Purpose.FORWARD: "notify",
    Purpose.ANSWER: "notify",
}
#: What Upheld calls a channel, and what a person's address for it is called in upheld.yaml.
_ADDRESS: Final[Mapping[Channel, tuple[str, ...]]] = {
    Channel.MAIL: ("mail",),
    Channel.SMS: ("sms", "phone"),
    Channel.VOICE: ("voice", "phone"),
    Channel.CHAT: ("chat",),
    Channel.PAGE: (),
}


def tracked(item: OutboxItem) -> tuple[NewDelivery, ...]:
    """The one delivery of an item that is to be created on a tracker."""
    where = item.connection or ""
    lane = f"{item.subject}|{where}|create"
    return (NewDelivery(item.key, where, TRACKER, where, "", lane=lane),)


def ways_for(purpose: Purpose, to: Sequence[str], ways: Ways) -> tuple[Way, ...]:
    """The ways in which a message of this purpose reaches these people."""
    if purpose in _BY_PURPOSE:
        return tuple(getattr(ways, _BY_PURPOSE[purpose]))
    staff = purpose is Purpose.NOTIFY and not any(map(outside, to))
    return ways.notify if staff else ways.customer


def outside(who: str) -> bool:
    """Whether a name of a policy means somebody of the customer's, or of a provider's."""
    return who in {CUSTOMER, REPORTER, PROVIDER} or who.startswith(f"{CUSTOMER}.")


def reaches(person: Recipient, ways: Sequence[Way], plugins: Mapping[str, str]) -> bool:
    """Whether any of the ways leads to this person."""
    return next(ways_to(person, ways, plugins), None) is not None


def ways_to(
    person: Recipient, ways: Sequence[Way], plugins: Mapping[str, str]
) -> Iterator[tuple[Way, str]]:
    """The ways on which a person has an address, in their order, each with the address."""
    for way in ways:
        address = _address(person, way.channel, plugins.get(way.connection, ""))
        if address is not None:
            yield way, address


def route(
    item: OutboxItem,
    recipients: Sequence[Recipient],
    ways: Sequence[Way],
    plugins: Mapping[str, str],
) -> tuple[NewDelivery, ...]:
    """One delivery a person, over the first way on which they have an address.

    ``plugins`` maps a connection to its plugin's name: a pager's address may be the person's id
    there, and a pager that pages a service needs none.
    """
    found = (_delivery(item, person, ways, plugins) for person in recipients)
    return tuple(delivery for delivery in found if delivery is not None)


def redirected(
    deliveries: Sequence[NewDelivery],
    to: Recipient,
    ways: Sequence[Way],
    plugins: Mapping[str, str],
) -> tuple[NewDelivery, ...]:
    """The same deliveries, all of them to one person; who was meant stays in the name.

    Where that person has no address on a delivery's own way, another way is taken; where they have
    none at all it is left out: never does it go to whom it was meant for.
    """
    found = (_redirected(each, to, ways, plugins) for each in deliveries)
    return tuple(delivery for delivery in found if delivery is not None)


def _redirected(
    delivery: NewDelivery, to: Recipient, ways: Sequence[Way], plugins: Mapping[str, str]
) -> NewDelivery | None:
    if delivery.channel == TRACKER:
        return delivery
    meant = f"{to.name} (for {delivery.recipient_name or delivery.address})"
    if delivery.recipient_name.startswith(f"{to.name} (for "):  # the page was redirected before
        meant = delivery.recipient_name
    own = Way(Channel(delivery.channel), delivery.connection)
    for way, address in ways_to(to, (own, *ways), plugins):
        return replace(
            delivery,
            recipient_name=meant,
            channel=way.channel.value,
            connection=way.connection,
            address=address,
        )
    return None


def _delivery(
    item: OutboxItem, person: Recipient, ways: Sequence[Way], plugins: Mapping[str, str]
) -> NewDelivery | None:
    found = ways_to(person, ways, plugins)
    return next((over(item, person, way, address) for way, address in found), None)


def over(item: OutboxItem, person: Recipient, way: Way, address: str) -> NewDelivery:
    """The first delivery of a message to a person, over this way."""
    return NewDelivery(
        key=f"{item.key}>{person.id}",
        recipient=person.id,
        recipient_name=person.name,
        channel=way.channel.value,
        connection=way.connection,
        address=address,
        lane=f"{item.subject}|{way.connection}|{address}",
    )


def _address(person: Recipient, channel: Channel, plugin: str) -> str | None:
    names = (plugin, *_ADDRESS[channel])
    found = next((person.addresses[name] for name in names if name in person.addresses), None)
    if found is None and (channel is Channel.PAGE or plugin == "terminal"):
        return person.id
    return found
