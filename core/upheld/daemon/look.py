"""Look before you page: a case on a tracker is read before the clock decides on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span
from upheld.case.events import UPHELD, Event, Unread
from upheld.desk.intake import Intake, Source
from upheld.ledger import Link, Transaction
from upheld.logs import logger
from upheld.plugin import PluginError, RemoteCase, Tracker
from upheld.seam import Live
from upheld.sync.trackers import ref_of

#: So long may a tracker keep a page waiting.
PATIENCE: Final[Span] = 10 * SECOND
#: And so long it is not asked again after it has failed: the pages of other cases wait for it too.
RESPITE: Final[Span] = MINUTE


@dataclass(frozen=True, slots=True)
class Unseen:
    """An item that was read last at ``read`` (None: never), of a case that is due since ``due``."""

    link: Link
    due: Instant
    read: Instant | None


@dataclass(frozen=True, slots=True)
class Look:
    """Reads the items of a case that is due, where their connection was not read since.

    What can't be read stops no page: the case gets an `Unread`, and its messages say so.
    """

    intake: Intake
    sources: Mapping[str, Source]
    lives: Mapping[str, Live]
    failed: dict[str, Instant] = field(default_factory=dict)

    def asks(self, case: str) -> bool:
        """Whether a tracker is to be asked of a case that is due now."""
        return bool(self._to_ask(case))

    def before(self, case: str) -> bool:
        """Read what may have happened to a case that is due now; whether there was anything to tell."""
        return sum(map(self._looked, self._to_ask(case))) > 0

    def _to_ask(self, case: str) -> list[Unseen]:
        """In a copy nobody is asked: what is decided there goes nowhere."""
        records = self.intake.records
        return [] if records.ledger.foreign else records.read(partial(self._unseen, case))

    def _looked(self, unseen: Unseen) -> bool:
        item = self._fetched(unseen.link)  # outside of any transaction: it may take its time
        return self.intake.records.ledger.retrying(partial(self._take, unseen, item))

    def _unseen(self, case: str, tx: Transaction) -> list[Unseen]:
        """Its items on trackers that were not read since it is due."""
        links = [link for link in tx.links(case) if self._tracks(link.connection)]
        due = tx.case(case).wake_at if links else None
        if due is None:
            return []
        read = {pull.connection: pull.as_of for pull in tx.pulls()}
        found = [Unseen(link, due, read.get(link.connection)) for link in links]
        return [each for each in found if each.read is None or each.read < due]

    def _tracks(self, connection: str) -> bool:
        live = self.lives.get(connection)
        return live is not None and isinstance(live.plugin, Tracker)

    def _fetched(self, link: Link) -> RemoteCase | None:
        """The item as it is now; None where the tracker does not tell."""
        live, now = self.lives[link.connection], self.intake.records.clock.now()
        if now < self.failed.get(link.connection, 0) + RESPITE:
            return None
        plugin, ref = live.plugin, ref_of(link)
        assert isinstance(plugin, Tracker)
        try:
            return live.call(lambda: plugin.fetch(ref), hard_stop=PATIENCE)
        except PluginError as error:
            logger(connection=live.name).warning("not_looked", case=link.subject, error=str(error))
            self.failed[link.connection] = now
            return None

    def _take(self, unseen: Unseen, item: RemoteCase | None, tx: Transaction) -> bool:
        link, records = unseen.link, self.intake.records
        if item is not None:
            return self.intake.take(tx, self.sources[link.connection], item)
        now, unread = records.clock.now(), Unread(link.connection, unseen.read)
        event = Event(f"unread:{link.connection}:{unseen.due}", now, now, UPHELD, unread)
        return records.add(tx, link.subject, event) is not None
