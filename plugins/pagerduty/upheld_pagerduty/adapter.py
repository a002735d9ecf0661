"""The notifier: pages by an event or an incident, hears what came of it, stands people down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Final

from pydantic import BaseModel

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Context,
    Delivery,
    Finding,
    Level,
    Lookup,
    Misconfigured,
    Notifier,
    Outgoing,
    Page,
    PluginError,
    Receipt,
    Received,
    Request,
    Withdrawal,
)
from upheld_pagerduty.alerts import Alerts
from upheld_pagerduty.client import EventsClient
from upheld_pagerduty.config import PagerDutyConfig
from upheld_pagerduty.desk import Desk
from upheld_pagerduty.hooks import received
from upheld_pagerduty.incident import named
from upheld_pagerduty.mapping import dedup_key, trigger, withdrawal
from upheld_pagerduty.readback import Cursor, read_back
from upheld_pagerduty.rest import RestClient

#: PagerDuty answers a GET with 404; whoever refuses it is not PagerDuty.
_NOT_FOR_US: Final = frozenset({401, 403, 407})
_KEY: Final = re.compile(r"[0-9A-Za-z]{32}")
#: What needs the REST API.
_READING: Final = frozenset({Ability.FIND, Ability.PULL})
#: Of so many sendings it is remembered in which thread they went out.
_REMEMBERED: Final = 1000


class PagerDuty(Notifier[PagerDutyConfig]):
    """Pages whoever is on call for a service, or whom the address names.

    The page's thread is the dedup_key, or the incident_key: a repeat while it is open makes no second
    incident. Once it was resolved the same thread would open a new one, so a new page has a thread of its
    own, and what is unknown is looked up first.
    """

    name = "pagerduty"
    conformance = "upheld_pagerduty.conformance"
    simulator = "upheld_pagerduty.simulator:PagerDutySimulator"
    Config = PagerDutyConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.PAGE})
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.REPEAT, Ability.WITHDRAW, Ability.RECEIVE, Ability.RECEIPTS} | _READING
    )

    _events: EventsClient | None = None
    _desk: Desk | None = None

    def __init__(self, config: PagerDutyConfig, context: Context) -> None:
        super().__init__(config, context)
        self._threads: dict[str, str] = {}

    @classmethod
    def abilities_with(cls, config: BaseModel) -> frozenset[Ability]:
        """Reading needs a token, webhooks a secret, and receipts either; by events they need the token."""
        assert isinstance(config, PagerDutyConfig)
        lacks = set(_READING) if config.token is None else set()
        if not config.webhook_secrets:
            lacks.add(Ability.RECEIVE)
        if config.token is None and (config.by_events or not config.webhook_secrets):
            lacks.add(Ability.RECEIPTS)
        return cls.abilities - lacks

    def check(self) -> Iterable[Finding]:
        """Looks at keys and tries what reading can tell; pages nobody."""
        return tuple(self._findings())

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Open an incident. By an event the receipt says ``accepted``, which is not "paged"; an incident
        that somebody is assigned to is ``delivered``."""
        self._remember(key, message.thread)
        return (
            self._by_event(message, to, key)
            if self.config.by_events
            else self._incidents().open(message, to, key, self.context.now())
        )

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        """The incident of a sending, resolved or not. An event that is not found may still be on its way."""
        if self.config.token is None:
            return Lookup(None, conclusive=False)
        incident_key = dedup_key(self._threads.get(key, key))
        found = self._incidents().found(incident_key, key, self.context.now())
        return Lookup(found, conclusive=found is not None or not self.config.by_events)

    def withdraw(self, thread: str, why: Withdrawal, key: str) -> None:
        """Acknowledge while somebody works on the case, else resolve; harmless when repeated."""
        if self.config.by_events:
            self._connected().enqueue(withdrawal(thread, why))
        else:
            self._incidents().stand_down(dedup_key(thread), why)

    def following(self, address: str) -> str | None:
        """Of ``schedule:P…``: ``next:P…``, which is asked for there as the page goes out."""
        kind, _, schedule = address.partition(":")
        known = kind == "schedule" and not self.config.by_events
        return f"next:{schedule}" if known else None

    def pull(self, cursor: str | None) -> Page:
        """What came of pages, as the REST API tells it; nothing without a token."""
        now = self.context.now()
        if self.config.token is None:
            return Page((), cursor or "", more=False, as_of=now)
        return read_back(self._incidents(), Cursor.parse(cursor, now), now, self.config.user)

    def receive(self, request: Request) -> Received:
        """What a webhook says of a page; ``Auth`` where its signature does not fit."""
        secrets = [each.get_secret_value() for each in self.config.webhook_secrets]
        if not secrets:
            what = "a webhook came, and there is no secret to verify it"
            raise Misconfigured(what, "set `webhook_secrets` to that of the subscription")
        return received(request, secrets, self.config.user)

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        events, desk = self._events, self._desk
        self._events = self._desk = None
        if events is not None:
            events.close()
        if desk is not None:
            desk.client.close()

    def _by_event(self, message: Outgoing, to: Address, key: str) -> Receipt:
        if named(to)[0] in {"schedule", "next"} or to.value.startswith("policy:"):
            what = f"an event can't be sent to {to.value}: the key says who is paged"
            raise Misconfigured(what, "give the connection `token`, `service` and `sender` instead")
        at = self.context.now()
        source, client = self.context.site, self.config.client
        event = trigger(message, to, source=source, client=client, at=at)
        said = self._connected().enqueue(event)
        return Receipt(key, event["dedup_key"], Delivery.ACCEPTED, at, detail=said)

    def _remember(self, key: str, thread: str) -> None:
        """The core's pages have their key for a thread; a thread of another name is remembered."""
        if key != thread:
            self._threads[key] = thread
        if len(self._threads) > _REMEMBERED:
            self._threads.pop(next(iter(self._threads)))

    def _connected(self) -> EventsClient:
        config = self.config
        if self._events is None:
            assert config.key is not None
            session = self.context.http()
            self._events = EventsClient(session, config.events_url, config.key, config.timeout)
        return self._events

    def _incidents(self) -> Desk:
        config = self.config
        if self._desk is None:
            assert config.token is not None
            client = RestClient(
                self.context.http(), config.api_url, config.token, config.sender, config.timeout
            )
            self._desk = Desk(client, config.service or "", Alerts(client))
        return self._desk

    # --- check ---

    def _findings(self) -> Iterator[Finding]:
        if self.config.by_events:
            yield from self._of_events()
        if self.config.token is not None:
            yield from self._of_rest()
        yield from self._of_receipts()

    def _of_events(self) -> Iterator[Finding]:
        name, key = self.context.name, self.config.key
        if key is None or not _KEY.fullmatch(key.get_secret_value()):
            what = "`key` is no integration key: it has 32 letters and digits"
            then = "copy it from the service's Events API v2 integration"
            yield Finding(Level.ERROR, name, what, then)
        yield self._reached()
        what = "the key can't be verified without sending; a wrong one is accepted and dropped"
        yield Finding(Level.WARNING, name, what, "send one page by hand and see it arrive")

    def _of_rest(self) -> Iterator[Finding]:
        try:
            yield from self._incidents().findings(self.context.name)
        except PluginError as error:
            yield Finding(Level.ERROR, self.context.name, error.what, error.do_next)

    def _of_receipts(self) -> Iterator[Finding]:
        name, config = self.context.name, self.config
        if config.token is None and (config.by_events or not config.webhook_secrets):
            what = "nobody hears what came of a page, nor who answered it: accepted is not paged"
            # A webhook tells of an incident; which page that is stands on its alerts alone.
            then = "set `token`" if config.by_events else "set `webhook_secrets` or `token`"
            yield Finding(Level.WARNING, name, what, then)
        if config.service is not None and config.user is None:
            what = "`user` is not set: what we do in PagerDuty looks like somebody's answer"
            yield Finding(Level.WARNING, name, what, "set it to the id of the user of `sender`")

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
