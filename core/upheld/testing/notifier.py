"""A notifier that keeps what it is given and does what the test tells it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    ConnectionConfig,
    Context,
    Delivery,
    Finding,
    Inbound,
    Level,
    Lookup,
    Notifier,
    Outgoing,
    Page,
    PluginError,
    Receipt,
    Unknown,
    Withdrawal,
)

_A_PAGE: Final = 50


class ScriptedConfig(ConnectionConfig):
    """Nothing to configure."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out, once: to whom, under which key, when (policy time)."""

    message: Outgoing
    to: Address
    key: str
    at: datetime


class ScriptedNotifier(Notifier[ScriptedConfig]):
    """In memory. Read ``sent`` and ``withdrawn``; script it with `fail_next`, `lose_reply`, `say`."""

    name = "scripted-notifier"
    Config = ScriptedConfig
    channels = frozenset(Channel)
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.FIND, Ability.REPEAT, Ability.WITHDRAW, Ability.RECEIPTS}
    )

    def __init__(self, config: ScriptedConfig, context: Context) -> None:
        super().__init__(config, context)
        self.sent: list[Sent] = []
        self.withdrawn: list[tuple[str, Withdrawal]] = []
        self.closed = False
        self._inbound: list[Inbound] = []
        self._faults: deque[PluginError] = deque()
        self._lost_replies = 0

    # --- what a test tells it ---

    def fail_next(self, *errors: PluginError) -> None:
        """The next calls raise these, one each, and do nothing."""
        self._faults.extend(errors)

    def lose_reply(self, times: int = 1) -> None:
        """The next sendings go out, and still raise `Unknown`."""
        self._lost_replies += times

    def say(self, *items: Inbound) -> None:
        """These come with the next pull: messages, receipts."""
        self._inbound.extend(items)

    # --- what the core asks of it ---

    def check(self) -> Iterable[Finding]:
        """One finding: all is well, or the scripted fault."""
        self._fail()
        return [Finding(Level.OK, self.context.name, "keeps everything in memory")]

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Keep the message; the same key again has no second effect."""
        self._fail()
        found = self._by_key(key)
        if found is None:
            found = Sent(message, to, key, self.context.now())
            self.sent.append(found)
        if self._lost_replies:
            self._lost_replies -= 1
            raise Unknown("the reply was lost", "look it up")
        return self._receipt(found)

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        """Whether it was sent: this is conclusive."""
        self._fail()
        found = self._by_key(key)
        return Lookup(self._receipt(found) if found else None, conclusive=True)

    def withdraw(self, thread: str, why: Withdrawal, key: str) -> None:
        """Keep the withdrawal."""
        self._fail()
        self.withdrawn.append((thread, why))

    def pull(self, cursor: str | None) -> Page:
        """What `say` was told since the cursor, which counts items."""
        self._fail()
        start = int(cursor or 0)
        items = tuple(self._inbound[start : start + _A_PAGE])
        end = start + len(items)
        return Page(items, str(end), end < len(self._inbound), self.context.now())

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _fail(self) -> None:
        if self._faults:
            raise self._faults.popleft()

    def _by_key(self, key: str) -> Sent | None:
        return next((sent for sent in self.sent if sent.key == key), None)

    def _receipt(self, sent: Sent) -> Receipt:
        return Receipt(sent.key, sent.key, Delivery.ACCEPTED, sent.at)
