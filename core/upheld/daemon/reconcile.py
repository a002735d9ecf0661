"""Reading a tracker from the beginning, each day: what a search or a webhook left out is found so.

The cursor stays where it is. Nothing is held in memory but a page: the ledger knows which items were
come upon, and what is linked and was not is asked for by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from upheld.calendar.instant import DAY, SECOND, Instant, Span
from upheld.desk.intake import Intake, Source
from upheld.ledger import Ledger, Link, Transaction
from upheld.plugin import Gone, Inbound, Page, Permanent, RemoteCase, Tracker
from upheld.seam import Live
from upheld.sync.gone import missing
from upheld.sync.trackers import ref_of

EVERY: Final[Span] = DAY
HARD_STOP: Final[Span] = 90 * SECOND
_AT_A_TIME: Final = 100
#: A tracker that never comes to an end is left alone after so many pages.
_PAGES: Final = 100_000


@dataclass(slots=True)
class Tally:
    """What came of it; ``suspicious`` tells why the listing can't be trusted."""

    listed: int = 0
    news: int = 0
    fetched: int = 0
    missing: int = 0
    suspicious: str | None = None


@dataclass(slots=True)
class Reconciler:
    """Goes through one tracker. ``page`` reads one page in full."""

    live: Live
    source: Source
    ledger: Ledger
    intake: Intake
    page: Callable[[str | None], Page]
    tally: Tally = field(default_factory=Tally)

    def steps(self) -> Iterator[int]:
        """One page, or one batch of items, a step; ``PluginError`` where it can't be read now."""
        self.tally, began = Tally(), self.intake.records.clock.now()
        cursor: str | None = None
        for _ in range(_PAGES):
            page = self.page(cursor)
            self.tally.news += self.ledger.retrying(partial(self._take, page.items, began))
            yield len(page.items)
            if not page.more or page.cursor == cursor:
                break
            cursor = page.cursor
        yield from self._rest(began)

    def _take(self, items: Sequence[Inbound], began: Instant, tx: Transaction) -> int:
        cases = [item for item in items if isinstance(item, RemoteCase)]
        news = sum(self.intake.take(tx, self.source, item) for item in cases)
        tx.listed(self.source.name, [item.ref.id for item in cases], began)
        self.tally.listed += len(cases)
        return news

    def _rest(self, began: Instant) -> Iterator[int]:
        """Linked items that did not come, one by one; none where the listing itself is in doubt."""
        after = ""
        while links := self._links(after):
            if not self.tally.listed:
                self.tally.suspicious = self._probed(links[0])
                return
            left = [link for link in links if link.listed < began and not link.is_gone]
            for link in left:
                self._ask(link)
            after = links[-1].remote_id
            yield len(left)

    def _links(self, after: str) -> list[Link]:
        with self.ledger.reading() as tx:
            return tx.links_on(self.source.name, after=after, limit=_AT_A_TIME)

    def _ask(self, link: Link) -> None:
        self.tally.fetched += 1
        try:
            item = self._fetch(link)
        except Gone:
            self.tally.missing += 1
            self.ledger.retrying(lambda tx: missing(tx, self.intake.records, link))
        except Permanent:
            return  # it is there, and can't be read: quarantine knows it from the pull
        else:
            self.ledger.retrying(lambda tx: self.intake.take(tx, self.source, item))

    def _probed(self, link: Link) -> str:
        """Nothing is listed where there was something: an item that was there is asked for."""
        try:
            self._fetch(link)
        except Gone:
            return (
                f"{link.key} and all others are neither listed nor there: is it the right account?"
            )
        return f"nothing is listed, though {link.key} is there: the account may not search any more"

    def _fetch(self, link: Link) -> RemoteCase:
        plugin = self.live.plugin
        assert isinstance(plugin, Tracker)
        return self.live.call(lambda: plugin.fetch(ref_of(link)), hard_stop=HARD_STOP, reading=True)
