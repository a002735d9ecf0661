"""Readings that others bring: a webhook of Alertmanager's, a backup that calls a URL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant, instant, span
from upheld.case.monitor import MonitorState, Seen
from upheld.desk.intake import Source
from upheld.ledger import MonitorRow, Transaction
from upheld.ledger.faults import overtaken
from upheld.monitor.landing import Landing
from upheld.plugin import Reading

#: A line for people; whatever else a far end has to say.
LINE: Final = 300
_UP, _DEGRADED, _DOWN = MonitorState.UP, MonitorState.DEGRADED, MonitorState.DOWN
_WORSE: Final = frozenset({(_UP, _DEGRADED), (_UP, _DOWN), (_DEGRADED, _DOWN)})


@dataclass(frozen=True, slots=True)
class Feeds:
    """Takes them in for what is watched, from the connection that may tell of it."""

    landing: Landing

    def take(self, tx: Transaction, source: Source, reading: Reading) -> bool:
        """Whether it was news. Of what is not heard of by ``source`` the first is kept in quarantine: a
        person has to see it, and they come each minute."""
        wrong = self._wrong(source, reading)
        if wrong:
            self._keep(tx, source, reading, wrong)
            return False
        return self._counted(tx, reading)

    def _counted(self, tx: Transaction, reading: Reading) -> bool:
        row = next(iter(tx.monitors([reading.monitor])), None)
        seen = told(reading, now := self.landing.records.clock.now())
        if row is not None and row.read_at is not None and _worsens(seen, row, row.read_at):
            seen = replace(seen, at=row.read_at + 1)
        if row is None or (row.read_at is not None and seen.at <= row.read_at):
            return False  # older than what is known, or the same once more
        if seen.at <= (row.tally.counted or 0):
            seen = replace(seen, at=now)  # it was missed, and comes late: from here on it is known
        if not self._land(tx, row, seen):
            raise overtaken(row.name)
        return True

    def _land(self, tx: Transaction, row: MonitorRow, seen: Seen) -> bool:
        """Counted, or kept for the end of its pause: nobody tells it a second time then."""
        if row.paused:
            return tx.land_monitor(replace(row, read_at=seen.at, heard=seen))
        return self.landing.take(tx, row, seen)

    def _wrong(self, source: Source, reading: Reading) -> str:
        watched = self.landing.watched.get(reading.monitor)
        if watched is None:
            return f"no monitor is called {reading.monitor!r}: write it under `monitors`"
        by = watched.entry.fed_by
        return "" if by == source.name else f"{reading.monitor!r} is not `fed_by: {source.name}`"

    def _keep(self, tx: Transaction, source: Source, reading: Reading, reason: str) -> None:
        item = f"reading of {ascii(reading.monitor)[1:-1]}"
        if tx.claim_item(source.name, item):
            now = self.landing.records.clock.now()
            tx.quarantine(source.name, item, reason, ascii(reading).encode(), now)


def _worsens(seen: Seen, row: MonitorRow, read_at: Instant) -> bool:
    """Whether it is worse than what was read last, of the same instant: two rules may begin to fail at one
    evaluation. The last may stand a microsecond later for each that it had to pass."""
    at_once = 0 <= read_at - seen.at < len(_WORSE)
    last = row.tally.recent[-1:] if row.heard is None else (row.heard,)
    return at_once and any((each.state, seen.state) in _WORSE for each in last)


def told(reading: Reading, now: Instant) -> Seen:
    """A far end's reading in our words: never of the future, whatever its clock says."""
    return Seen(
        min(instant(reading.at), now),
        MonitorState(reading.state.value),
        None if reading.latency is None else span(reading.latency),
        " ".join(reading.detail.split())[:LINE],
        (getattr(reading, "version", None) or "")[:LINE],
    )
