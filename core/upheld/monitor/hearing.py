"""What nobody asks and others tell of: since when we hear it, and when it is missed.

A silence counts only from when we could hear, so that our own downtime is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span
from upheld.case.monitor import Seen
from upheld.clock import Clock, SystemClock
from upheld.engine.checks import awaited
from upheld.engine.counting import silent
from upheld.ledger import Ledger, MonitorRow, Transaction
from upheld.monitor.watchlist import Watched
from upheld.seam import Live

#: Who was away for less has missed nothing that is not sent again: a restart is no downtime.
GAP: Final[Span] = 2 * MINUTE
#: It is written down so often that we hear; and so soon it is looked again at what may still come.
_OFTEN: Final[Span] = MINUTE
_WHERE: Final = "monitoring"
_HEARD: Final = "heard"
_SINCE: Final = "hears since"


@dataclass
class Hearing:
    """Kept in the ledger, for whichever daemon comes next. ``lives`` are the connections, by name; ``held``
    tells whether the host's clock was set by hand just now."""

    ledger: Ledger
    clock: Clock
    watched: Mapping[str, Watched]
    lives: Mapping[str, Live]
    held: Callable[[], bool]
    _marked: Instant | None = None

    @cached_property
    def listens(self) -> bool:
        """Whether anything has to be heard of."""
        return any(each.cadence.silence is not None for each in self.watched.values())

    def mark(self) -> None:
        """We hear now; after a gap, from now on."""
        now = self.clock.now()
        if self.listens and (self._marked is None or now - self._marked >= _OFTEN):
            self.ledger.retrying(lambda tx: self._mark(tx, now))
            self._marked = now

    def _mark(self, tx: Transaction, now: Instant) -> None:
        heard = _instant(tx, _HEARD)
        # A clock that is stepped passes over hours in which nothing could be missed.
        counts = self._marked is None or isinstance(self.clock, SystemClock)
        if heard is None or (counts and now - heard > GAP):
            tx.vault_set(_WHERE, _SINCE, str(now))
        tx.vault_set(_WHERE, _HEARD, str(now))

    def missed(self, tx: Transaction, watched: Watched, row: MonitorRow) -> Seen | None:
        """Its silence, where it should have been heard of by now; else it is stored when that will be."""
        now, silence = self.clock.now(), watched.cadence.silence
        if silence is None or row.due is None:
            return None
        since = max(
            _instant(tx, _SINCE) or now, row.due - silence
        )  # it was set up then, or resumed
        if self.held() or self._may_come(tx, watched.entry.fed_by or "", row.due):
            tx.land_monitor(replace(row, due=now + _OFTEN))
            return None
        seen = silent(watched.cadence, row.tally, since, now)
        if seen is None:
            tx.land_monitor(replace(row, due=awaited(watched.cadence, row.tally, since)))
        return seen

    def _may_come(self, tx: Transaction, connection: str, until: Instant) -> bool:
        """Whether what this connection was told until then may still be to come."""
        live = self.lives.get(connection)
        pulls = (each for each in tx.pulls() if each.connection == connection)
        stopped = live is None or live.stopped is not None
        return stopped or any((each.succeeded or 0) < until - _OFTEN for each in pulls)


def _instant(tx: Transaction, key: str) -> Instant | None:
    found = tx.vault_get(_WHERE, key)
    return int(found) if found else None
