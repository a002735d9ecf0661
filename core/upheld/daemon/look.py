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
from upheld.plugin import PluginError, Ref, RemoteCase, Tracker
from upheld.seam import Live

#: So long may a tracker keep a page waiting.
PATIENCE: Final[Span] = 10 * SECOND
#: And so long it is not asked again after it has failed: the pages of other cases wait for it too.
RESPITE: Final[Span] = MINUTE


@dataclass(frozen=True, slots=True)
class Look:
    """Reads the items of a case that is due, where their connection was not read since.

    What can't be read stops no page: the case gets an `Unread`, and its messages say so.
    """

    intake: Intake
    sources: Mapping[str, Source]
    lives: Mapping[str, Live]
    failed: dict[str, Instant] = field(default_factory=dict)

    def before(self, case: str) -> None:
        """Read what may have happened to a case that is due now."""
        for link, read in self.intake.records.read(partial(self._unread, case)):
            item = self._fetched(link)
            self.intake.records.ledger.retrying(partial(self._take, link, read, item))

    def _unread(self, case: str, tx: Transaction) -> list[tuple[Link, Instant | None]]:
        """Its links on trackers that were not read since it is due, and until when they were."""
        links = [link for link in tx.links(case) if self._tracks(link.connection)]
        due = tx.case(case).wake_at if links else None
        if due is None:
            return []
        read = {pull.connection: pull.as_of for pull in tx.pulls()}
        known = ((link, read.get(link.connection)) for link in links)
        return [(link, at) for link, at in known if at is None or at < due]

    def _tracks(self, connection: str) -> bool:
        live = self.lives.get(connection)
        return live is not None and isinstance(live.plugin, Tracker)

    def _fetched(self, link: Link) -> RemoteCase | None:
        """The item as it is now; None where the tracker does not tell."""
        live, now = self.lives[link.connection], self.intake.records.clock.now()
        if now < self.failed.get(link.connection, 0) + RESPITE:
            return None
        plugin, ref = live.plugin, Ref("", link.remote_id, link.key, link.url)
        assert isinstance(plugin, Tracker)
        try:
            return live.call(lambda: plugin.fetch(ref), hard_stop=PATIENCE)
        except PluginError as error:
            logger(connection=live.name).warning("not_looked", case=link.subject, error=str(error))
            self.failed[link.connection] = now
            return None

    def _take(
        self, link: Link, read: Instant | None, item: RemoteCase | None, tx: Transaction
    ) -> None:
        if item is not None:
            self.intake.take(tx, self.sources[link.connection], item)
            return
        now, records = self.intake.records.clock.now(), self.intake.records
        event_id = f"unread:{link.connection}:{now}"
        unread = Unread(link.connection, read)
        records.add(tx, link.subject, Event(event_id, now, now, UPHELD, unread))
