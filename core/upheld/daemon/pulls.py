"""Reading connections: lease, pull a page, and let items and cursor land in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeGuard

from upheld.calendar.instant import HOUR, SECOND, Instant, Span, instant
from upheld.daemon.findings import Found
from upheld.daemon.reconcile import EVERY, Reconciler
from upheld.desk.adoption import read_since
from upheld.desk.intake import Intake, Source
from upheld.errors import Fenced
from upheld.ledger import Hint, Ledger, PullLease, Transaction
from upheld.plugin import (
    Ability,
    Auth,
    Gone,
    Inbound,
    Logger,
    Misconfigured,
    Page,
    Permanent,
    PluginError,
    Ref,
    Refused,
    RemoteCase,
    Touched,
    Tracker,
)
from upheld.seam import Live

LEASE_SECONDS: Final = 120.0
HARD_STOP: Final[Span] = 90 * SECOND
#: A flood is read in turns, so that one mailbox does not keep the others waiting.
PAGES_A_TURN: Final = 20
HINTS_A_TURN: Final = 50


@dataclass(slots=True)
class Puller:
    """Reads one connection. Log once when it goes, once when it is back."""

    live: Live
    source: Source
    ledger: Ledger
    intake: Intake
    owner: str
    log: Logger
    broken: str | None = field(default=None)
    #: Why what it lists can't be trusted.
    suspicious: str | None = field(default=None)
    _due: Instant = 0
    _round: Iterator[int] | None = field(default=None, repr=False)
    _reconciler: Reconciler | None = field(default=None, repr=False)
    touched: threading.Event = field(default_factory=threading.Event)

    @property
    def pulls(self) -> bool:
        """Whether there is anything to pull from this plugin."""
        return self.live.can(Ability.PULL)

    @property
    def rests(self) -> bool:
        """Whether the far end is left alone: it is called no more; or the ledger is a copy, and what
        reading does out there (a mail that is moved to `processed`) is for the original to do."""
        return bool(self.live.stopped) or self.ledger.foreign

    def pull(self) -> int:
        """One turn; answers how much news came, and at least 1 while there is more to read.

        What fails is on record and tried again.
        """
        if not self.pulls or self.rests:
            return 0
        lease = self.ledger.lease_pull(self.source.name, self.owner, seconds=LEASE_SECONDS)
        if lease is None:
            return 0
        try:
            return self._leased(lease)
        except Fenced as error:  # another daemon reads it by now, from where we were
            self.log.warning("pull_taken_over", connection=self.source.name, error=error.what)
            return 0
        except BaseException:  # what goes well or is the connection's fault gives it back itself
            self.ledger.retrying(lambda tx: tx.release_pull(lease))
            raise

    def wait(self, seconds: float) -> bool:
        """Wait for news where the plugin can; True means: pull now."""
        if self.rests or not self.live.can(Ability.WAIT):
            return False
        plugin = self.live.plugin
        try:
            stop = int(seconds * SECOND) + HARD_STOP
            return self.live.call(lambda: plugin.wait(seconds), hard_stop=stop, reading=True)
        except PluginError:
            return False  # the pull that follows tells what is wrong

    def _leased(self, lease: PullLease) -> int:
        try:
            return self._turn(lease)
        except PluginError as error:
            self._failed(lease, error)
            return 0

    def _turn(self, lease: PullLease) -> int:
        cursor = lease.cursor
        # What was there before the first reading wakes nobody: so that begins, whatever was hinted.
        news = self._hinted() if lease.hinted and cursor is not None else 0
        for left in reversed(range(PAGES_A_TURN)):
            page = self._whole(self._page(cursor))
            last = not (page.more and left)
            news += self.ledger.retrying(partial(self._store, lease, page, last))
            cursor = page.cursor
            if last:
                break
        self._back()
        return news or int(page.more) or self._reconciled()

    def _reconciled(self) -> int:
        """A step of the daily round, where it is due; 0 where it is not, or is over."""
        if self._round is None and not self._begins():
            return 0
        assert self._round is not None
        step = next(self._round, None)
        if step is None:
            self._round = None
            self.suspicious = self.reconciler.tally.suspicious
        return int(step is not None)

    def _begins(self) -> bool:
        """Whether the round is due; then it has begun, and no other daemon begins it."""
        now = self.intake.records.clock.now()
        if now < self._due or not isinstance(self.live.plugin, Tracker):
            return False
        began = self.ledger.retrying(lambda tx: tx.begin_round(self.source.name, now, EVERY))
        self._due = now + EVERY if began else now + HOUR
        self._round = self.reconciler.steps() if began else None
        return began

    @property
    def reconciler(self) -> Reconciler:
        """Reads all that is there, from the beginning."""
        if self._reconciler is None:
            page = lambda cursor: self._whole(self._page(cursor))  # noqa: E731
            own = self.live, self.source, self.ledger, self.intake, page
            self._reconciler = Reconciler(*own)
        return self._reconciler

    def _hinted(self) -> int:
        """What webhooks said has changed, read by its id: a search may not find it yet."""
        with self.ledger.reading() as tx:
            hints = tx.hints(self.source.name, limit=HINTS_A_TURN)
        items = [self._read(Touched(_ref(hint))) for hint in hints]
        return self.ledger.retrying(partial(self._store_hinted, hints, items))

    def _store_hinted(
        self, hints: Sequence[Hint], items: Sequence[Inbound], tx: Transaction
    ) -> int:
        tx.drop_hints(hints)
        return sum(self.intake.take(tx, self.source, item) for item in items)

    def _page(self, cursor: str | None) -> Page:
        plugin = self.live.plugin
        return self.live.call(lambda: plugin.pull(cursor), hard_stop=HARD_STOP, reading=True)

    def _whole(self, page: Page) -> Page:
        """The page with what it only hints at read, before any transaction begins."""
        items = tuple(self._read(item) for item in page.items)
        return page if items == page.items else replace(page, items=items)

    def _read(self, item: Inbound) -> Inbound:
        """A tracker's item in full. One that can't be read is for quarantine: the others go on.

        What may go better the next time fails the pull, and is tried again from where it stood.
        """
        plugin = self.live.plugin
        if not isinstance(plugin, Tracker) or not _hints(item):
            return item
        ref = item.ref
        try:
            return self.live.call(lambda: plugin.fetch(ref), hard_stop=HARD_STOP, reading=True)
        except (Gone, Permanent, Misconfigured) as error:
            self.log.warning("item_not_read", connection=self.source.name, item=ref.id)
            return Refused(ref.id, f"{ref.key} can't be read: {error}", ascii(item).encode())

    def _store(self, lease: PullLease, page: Page, last: bool, tx: Transaction) -> int:
        """What the page brought, with the cursor; the last of a turn gives the lease back."""
        now = self.intake.records.clock.now()
        if lease.cursor is None:  # what was there before this very moment wakes nobody
            tx.begin_scope(read_since(self.source.name), now)
            if isinstance(self.live.plugin, Tracker):
                tx.reconciled(self.source.name, now)
        # Readers with an overlap bring the same items again: only what is news counts.
        news = sum(self.intake.take(tx, self.source, item) for item in page.items)
        as_of = None if page.more else instant(page.as_of)
        tx.move_cursor(lease, page.cursor, as_of=as_of, now=now, last=last)
        return news

    def _failed(self, lease: PullLease, error: PluginError) -> None:
        now = self.intake.records.clock.now()
        if self._round is not None:  # it begins anew, in a while
            self._round, self._due = None, now + HOUR
            self.ledger.retrying(lambda tx: tx.reconciled(self.source.name, now + HOUR - EVERY))
        self.ledger.retrying(lambda tx: tx.pull_failed(lease, str(error), now=now))
        if isinstance(error, Auth):
            # Trying on would lock the account; a person has to look at it first.
            self.live.stop(error.what)
        if self.broken is None:
            self.log.error("connection_broken", connection=self.source.name, error=str(error))
        self.broken = str(error)

    def _back(self) -> None:
        if self.broken is not None:
            self.log.info("connection_back", connection=self.source.name)
        self.broken = None


def _hints(item: Inbound) -> TypeGuard[Touched | RemoteCase]:
    """Whether there is more to an item than what came with the page; a tracker that tells who changed
    an item last has no history to be read."""
    if isinstance(item, RemoteCase):
        unread = item.history is None and item.changed_by is None
        return unread or item.comments is None
    return isinstance(item, Touched)


def _ref(hint: Hint) -> Ref:
    return Ref(hint.scope, hint.remote_id, hint.remote_key, hint.url)


def suspicious(pullers: Sequence[Puller]) -> Iterator[Found]:
    """Trackers whose listing can't be trusted: what they would tell may go unseen."""
    for each in pullers:
        if each.suspicious is not None:
            name = each.source.name
            yield Found(f"listing/{name}", name, each.suspicious, here=True, overdue=True)


def pull_all(pullers: Sequence[Puller]) -> int:
    """One turn of every connection; answers how much news came."""
    return sum(puller.pull() for puller in pullers)
