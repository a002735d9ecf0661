"""The notifier: pages by triggering, stands down by acknowledging or resolving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Finding,
    Level,
    Notifier,
    Outgoing,
    PluginError,
    Receipt,
    Withdrawal,
)
from upheld_pagerduty.client import EventsClient
from upheld_pagerduty.config import PagerDutyConfig
from upheld_pagerduty.mapping import trigger, withdrawal

#: PagerDuty answers a GET with 404; whoever refuses it is not PagerDuty.
_NOT_FOR_US: Final = frozenset({401, 403, 407})
_KEY: Final = re.compile(r"[0-9A-Za-z]{32}")


class PagerDuty(Notifier[PagerDutyConfig]):
    """Pages whoever is on call for the service behind the integration key.

    The page's thread is the dedup_key: a repeat while it is open makes no second incident. Once
    it was resolved the same thread would open a new one, so a new page has a thread of its own.
    """

    name = "pagerduty"
    conformance = "upheld_pagerduty.conformance"
    simulator = "upheld_pagerduty.simulator:PagerDutySimulator"
    Config = PagerDutyConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.PAGE})
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.REPEAT, Ability.WITHDRAW})

    _client: EventsClient | None = None

    def check(self) -> Iterable[Finding]:
        """Looks at the key's shape and whether the endpoint answers; pages nobody."""
        return tuple(self._findings())

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Trigger an incident. The receipt says ``accepted``: more can't be known from here."""
        at = self.context.now()
        config = self.config
        event = trigger(message, to, source=self.context.site, client=config.client, at=at)
        said = self._connected().enqueue(event)
        return Receipt(key, event["dedup_key"], Delivery.ACCEPTED, at, detail=said)

    def withdraw(self, thread: str, why: Withdrawal, key: str) -> None:
        """Acknowledge while somebody works on the case, else resolve; harmless when repeated."""
        self._connected().enqueue(withdrawal(thread, why))

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> EventsClient:
        if self._client is None:
            config = self.config
            self._client = EventsClient(
                self.context.http(), config.events_url, config.key, config.timeout
            )
        return self._client

    def _findings(self) -> Iterator[Finding]:
        name = self.context.name
        if not _KEY.fullmatch(self.config.key.get_secret_value()):
            what = "`key` is no integration key: it has 32 letters and digits"
            then = "copy it from the service's Events API v2 integration"
            yield Finding(Level.ERROR, name, what, then)
        yield self._reached()
        what = "the key can't be verified without sending; a wrong one is accepted and dropped"
        yield Finding(Level.WARNING, name, what, "send one page by hand and see it arrive")

    def _reached(self) -> Finding:
        try:
            status = self._connected().reach()
        except PluginError as error:
            return Finding(Level.ERROR, self.context.name, error.what, error.do_next)
        what = f"{self.config.events_url} answers ({status})"
        if status in _NOT_FOR_US:
            then = "look at what stands between this machine and PagerDuty"
            return Finding(Level.ERROR, self.context.name, what, then)
        return Finding(Level.OK, self.context.name, what)
