"""The notifier: whatever Apprise reaches, by a name or by a URL without a secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Finding,
    Level,
    Notifier,
    Outgoing,
    Permanent,
    Receipt,
    Urgency,
)
from upheld_apprise.config import AppriseConfig
from upheld_apprise.mapping import refused, written
from upheld_apprise.service import Service


class Apprise(Notifier[AppriseConfig]):
    """One way to all that Apprise knows. It says whether somebody took a message, and no more: not
    whether it was delivered, not whether it was read."""

    name = "apprise"
    conformance = "upheld_apprise.conformance"
    Config = AppriseConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.CHAT})
    abilities: ClassVar[frozenset[Ability]] = frozenset()

    def check(self) -> Iterable[Finding]:
        """Looks at every URL; whether anybody is there can't be known without sending."""
        return tuple(self._findings())

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Send it once. ``accepted``: the far end took it; more can't be known."""
        if to.channel is not Channel.CHAT:
            raise Permanent(f"{self.name} has no {to.channel}", "correct `reach`")
        at = self.context.now()
        if message.valid_until is not None and message.valid_until <= at:
            raise Permanent("its time was over before it was sent", "nothing to do: it is too late")
        name, service = self._place(to.value)
        title, body = written(message, service.room)
        told = service.tell(title, body, urgent=message.urgency is Urgency.HIGH)
        if not told.went:
            raise refused(name, told.status)
        return Receipt(key, None, Delivery.ACCEPTED, at, detail=service.kind)

    def _place(self, value: str) -> tuple[str, Service]:
        """The place that an address names, and what to call it."""
        known = self.config.urls.get(value)
        if known is None and "://" not in value:
            raise Permanent(f"there is no {value!r} under `urls`", "add it, or correct the address")
        name = f"{value!r}" if known is not None else "the address"
        service = self._made(known.get_secret_value() if known is not None else value)
        if service is None:
            raise Permanent(f"{name} is no URL that Apprise can use", "correct it")
        if known is None and not service.open_:
            # It stands in the ledger and in lists, as it is.
            what = f"the address holds a secret of {service.kind}"
            raise Permanent(what, "give it a name under `urls`, and put that in its place")
        if not service.verifies:
            raise Permanent(f"{name} verifies no certificate", "take `verify=no` out of its URL")
        return name, service

    def _made(self, url: str) -> Service | None:
        return Service.of(url, self.config.timeout)

    def _findings(self) -> Iterator[Finding]:
        where = self.context.name
        for name in self.config.urls:
            try:
                _, service = self._place(name)
            except Permanent as error:
                yield Finding(Level.ERROR, where, error.what, error.do_next)
            else:
                yield Finding(Level.OK, where, f"{name!r} is a URL of {service.kind}")
        what = "whether anybody is there can't be known without sending"
        yield Finding(Level.WARNING, where, what, "send one message by hand and see it arrive")
