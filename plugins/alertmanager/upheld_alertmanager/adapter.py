"""The connection: Alertmanager's webhook at the door, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import ClassVar

from upheld.plugin import (
    Ability,
    Auth,
    Connection,
    Finding,
    Level,
    PluginError,
    Received,
    Refused,
    Request,
    Response,
)
from upheld.webhooks import proven
from upheld_alertmanager.body import read
from upheld_alertmanager.config import AlertmanagerConfig
from upheld_alertmanager.mapping import cut_off, items
from upheld_alertmanager.status import findings


class Alertmanager(Connection[AlertmanagerConfig]):
    """Readings of what Prometheus watches.

    What can be read is taken. What can't be read goes to quarantine with a 400, which shows in
    Alertmanager's own log; it comes again after ``group_interval``, and is kept once.
    """

    name = "alertmanager"
    conformance = "upheld_alertmanager.conformance"
    Config = AlertmanagerConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIVE})

    def check(self) -> Iterable[Finding]:
        """Where Alertmanager is to send to, and with ``url`` whether it does; nothing is changed."""
        yield self._place()
        if self.config.url is not None:
            yield from self._sent_from(self.config.url)

    def receive(self, request: Request) -> Received:
        """The readings of a delivery; ``Auth`` where it proves nothing."""
        if not proven(request, [each.get_secret_value() for each in self.config.secrets]):
            what = "a delivery bears none of our secrets"
            raise Auth(what, "look at `secrets`, and at `http_config` of the receiver")
        try:
            delivery = read(request.body)
        except ValueError as error:
            return self._unread(request, error)
        found = tuple(items(delivery, self.config, request))
        if delivery.cut:
            self.context.log.warning("alerts_cut_off", number=delivery.cut)
            found = (*found, cut_off(delivery))
        return Received(Response(200, body=b"taken\n"), found)

    def _unread(self, request: Request, error: ValueError) -> Received:
        name = sha256(request.body).hexdigest()[:32]
        reason = f"it is no webhook of Alertmanager's, version 4: {error}"
        refused = Refused(f"webhook {name}", reason[:300], request.body)
        return Received(Response(400, body=f"{reason[:300]}\n".encode()), (refused,))

    def _place(self) -> Finding:
        name, base = self.context.name, self.context.public_url
        if base is None:
            what = f"Alertmanager reaches our door at /hooks/{name} on this machine alone"
            return Finding(Level.WARNING, name, what, "set `url` under `web` if it is elsewhere")
        return Finding(Level.OK, name, f"Alertmanager sends to {base.rstrip('/')}/hooks/{name}")

    def _sent_from(self, url: str) -> Iterator[Finding]:
        from upheld_alertmanager.client import configuration

        with self.context.http() as session:
            try:
                found = configuration(session, url)
            except PluginError as error:
                yield Finding(Level.ERROR, self.context.name, error.what, error.do_next)
                return
        yield from findings(found, self.config, self.context.name)
