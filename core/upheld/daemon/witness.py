"""The head of the newest seal goes to a witness outside, once a day.

What somebody else holds in a mail binds us to all that came before it, whoever owns the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import SECOND, Span
from upheld.calendar.wall import local_day
from upheld.clock import Clock
from upheld.daemon.findings import Found
from upheld.dispatch.routes import Mode, SafetyCatch
from upheld.ledger import Ledger, Seal
from upheld.plugin import Address, Channel, Logger, Notifier, Outgoing, PluginError
from upheld.report.witness import head_of, written
from upheld.seam import Live

HARD_STOP: Final[Span] = 30 * SECOND
#: Where the ledger keeps the day of the last head that went out; no connection is called so.
_NAME: Final = "(witness)"
_DAY: Final = "day"


@dataclass(slots=True)
class Witness:
    """Sends it to ``addresses`` over ``live``, the mail connection; days are those of ``zone``.

    Two daemons that send at once send the same message: its key is of the day and the address.
    """

    ledger: Ledger
    clock: Clock
    addresses: Sequence[str]
    catch: SafetyCatch
    live: Live | None
    site: str
    zone: ZoneInfo
    log: Logger
    problem: str | None = field(default=None)

    def send(self) -> int:
        """Send it where that was not done today; answers to how many.

        Nothing in shadow and redirect mode, while everything is stopped, or from a copy.
        """
        held = self.ledger.foreign or self.ledger.stopped() is not None
        if not self.addresses or held or self.catch.mode is not Mode.LIVE:
            return 0
        today = local_day(self.clock.now(), self.zone).isoformat()
        with self.ledger.reading() as tx:
            done = tx.vault_get(_NAME, _DAY) == today
            newest = None if done else tx.newest_seal()
        if newest is None:
            return 0
        sent = [self._sent(newest, to, today) for to in self.addresses]
        if not all(sent):
            return 0
        self.ledger.retrying(lambda tx: tx.vault_set(_NAME, _DAY, today))
        self.log.info("witnessed", seal=newest.number, to=list(self.addresses))
        self.problem = None
        return len(self.addresses)

    def found(self) -> Iterator[Found]:
        """What stands in the way, for the audit."""
        if self.problem is not None:
            yield Found("witness", "witness", self.problem, here=True)

    def _sent(self, seal: Seal, to: str, today: str) -> bool:
        key = f"witness/{today}/{to}"
        live = self.live
        try:
            if live is None or not isinstance(live.plugin, Notifier):
                raise PluginError("no connection sends mail", "add one, or take `witness` out")
            send, letter = live.plugin.send, self._letter(seal, key)
            live.call(lambda: send(letter, Address(Channel.MAIL, to), key), hard_stop=HARD_STOP)
        except PluginError as error:
            self.problem = f"the head of seal {seal.number} did not go to {to}: {error.what}"
            return False
        return True

    def _letter(self, seal: Seal, key: str) -> Outgoing:
        text = (
            f"Please keep this message.\n\n{written(head_of(seal, self.site))}\n\n"
            f"It stands for everything that {self.site} had on record of its support cases by\n"
            "then. Whoever holds it can have it proven that nothing older was changed since:\n"
            "upheld audit verify --witness FILE\n"
        )
        return Outgoing(key, f"Seal {seal.number} of {self.site}", text)
