"""A webhook is handed to its plugin, and what it brings is stored before the answer goes out.

News of a tracker's item is a hint, however much it says: it is kept, and the item read by its id,
through the path of a poll. Nothing here asks a far end anything, so an answer takes no longer than
parsing and one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import SECOND, Span
from upheld.desk.intake import Intake, Source
from upheld.errors import UpheldError
from upheld.ledger import Ledger, Transaction
from upheld.plugin import (
    Ability,
    Auth,
    Logger,
    PluginError,
    Received,
    Refused,
    RemoteCase,
    Request,
    Response,
    Touched,
)
from upheld.seam import Live

#: Providers give up after five to ten seconds; what is slower is sent again.
HARD_STOP: Final[Span] = 4 * SECOND
_NOT_HERE: Final = Response(404, body=b"nothing here takes webhooks\n")
_NOT_NOW: Final = Response(503, body=b"it could not be stored; send it again\n")
_NOT_OURS: Final = Response(401, body=b"the signature does not fit\n")
_NOT_READ: Final = Response(500, body=b"it could not be read\n")


@dataclass(frozen=True, slots=True)
class Hook:
    """A connection that takes webhooks; ``wake`` lets it read what it was told of."""

    live: Live
    source: Source
    intake: Intake
    wake: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """All of them, by the connection's name. ``news`` tells the daemon that there is work."""

    hooks: Mapping[str, Hook]
    ledger: Ledger
    log: Logger
    news: Callable[[], None]

    def take(self, connection: str, request: Request) -> Response:
        """The answer to a request; never raises."""
        hook = self.hooks.get(connection)
        if hook is None or not hook.live.can(Ability.RECEIVE):
            return _NOT_HERE
        if _rests(hook.live) or self.ledger.foreign:  # a copy takes in nothing
            return _NOT_NOW
        try:
            received = self._received(hook, request)
        except Auth as error:
            return self._forged(hook, request, error)
        except PluginError as error:
            self._log("webhook_not_read", hook, error)
            return _NOT_READ
        return received.response if self._stored(hook, received) else _NOT_NOW

    def _received(self, hook: Hook, request: Request) -> Received:
        plugin = hook.live.plugin
        return hook.live.apart(lambda: plugin.receive(request), hard_stop=HARD_STOP)

    def _forged(self, hook: Hook, request: Request, error: Auth) -> Response:
        """Kept, without what came, and once in ten seconds: who has no secret fills no disk here.

        Five in ten minutes are told to the operator.
        """
        self.log.warning("webhook_refused", connection=hook.source.name, error=error.what)
        moment = request.at.strftime("%Y-%m-%dT%H:%M:%S")[:-1]
        refused = Refused(f"webhook {moment}", f"signature: {error.what}")
        self._stored(hook, Received(_NOT_OURS, (refused,)))
        return _NOT_OURS

    def _log(self, what: str, hook: Hook, error: UpheldError) -> None:
        self.log.error(what, connection=hook.source.name, error=error.what)

    def _stored(self, hook: Hook, received: Received) -> bool:
        if not received.items:
            return True
        try:
            self.ledger.retrying(lambda tx: self._store(tx, hook, received))
        except UpheldError as error:
            self._log("webhook_not_stored", hook, error)
            return False
        if any(isinstance(item, Touched | RemoteCase) for item in received.items):
            hook.wake()
        self.news()
        return True

    def _store(self, tx: Transaction, hook: Hook, received: Received) -> None:
        """All of it, once: its name is claimed in the same transaction, so that what could not be stored
        may come again."""
        name = f"webhook:{received.once}"
        if received.once and not tx.claim_item(hook.source.name, name):
            return
        for item in received.items:
            if isinstance(item, Touched | RemoteCase):  # whatever it says, it is read by its id
                self._keep(tx, hook, item)
            else:
                hook.intake.take(tx, hook.source, item)

    def _keep(self, tx: Transaction, hook: Hook, item: Touched | RemoteCase) -> None:
        ref, now = item.ref, hook.intake.records.clock.now()
        tx.keep_hint(
            hook.source.name,
            scope=ref.scope,
            remote_id=ref.id,
            key=ref.key,
            url=ref.url,
            now=now,
        )


def _rests(live: Live) -> bool:
    """Whether it is not called just now. What comes in proves itself: that our credentials are refused out
    there is no reason not to hear who has answered a page."""
    return bool(live.stopped) and not live.waits_for_a_person
