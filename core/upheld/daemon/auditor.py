"""The auditor: is anything overdue that has no outcome, is a connection blind, is a letter dead?

What it finds is logged once when it comes and once when it goes, kept in the ledger as trouble (from
which the operator is told, see ``alarm``), and shown by ``upheld status``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from upheld.calendar.instant import MINUTE, Instant, Span
from upheld.daemon.findings import COPY, UNHEARD, Found, Kept, Survey, copied, running
from upheld.daemon.hostclock import HostClock
from upheld.daemon.pulse import Pulse
from upheld.errors import LedgerError
from upheld.ledger import Ledger, Transaction, Trouble
from upheld.plugin import Finding, Logger
from upheld.seam import Live

#: Bytes: with less room than this, the disk of `data` is nearly full.
ROOM: Final = 256 * 1024 * 1024
#: An audit that comes so much later than the one before: the host slept.
SLEPT: Final[Span] = 3 * MINUTE


#: Who else of this process has something to tell.
Other: TypeAlias = Callable[[], Iterable[Found]]


@dataclass(slots=True)
class Auditor:
    """Looks every minute. Only a clean answer is a good one.

    ``free`` answers the bytes that are free on the disk; ``begun`` is since when anything can be late.
    """

    ledger: Ledger
    lives: Sequence[Live]
    log: Logger
    node: str
    pulse: Pulse
    hostclock: HostClock
    free: Callable[[], int]
    begun: Instant
    #: What others of this process have to tell.
    others: Sequence[Other] = ()
    found: tuple[Found, ...] = ()
    #: What could not even be written down, because the ledger is the trouble.
    unwritten: tuple[Found, ...] = ()
    last: Instant | None = field(default=None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the last audit found."""
        return tuple(each.finding for each in self.found)

    @property
    def clean(self) -> bool:
        """Whether the last audit found nothing overdue and nothing blind."""
        return not any(each.overdue for each in self.found)

    def audit(self, now: Instant) -> tuple[Finding, ...]:
        """All that is wrong just now; the chains that moved are sealed."""
        self._begin(now)
        found = [*self._here(now), *self._sealed(now)]
        try:
            found += self._in_ledger(found, now)
            self._keep(found, now)
            self.unwritten = ()
        except LedgerError as error:
            ledger = Found("ledger", "ledger", str(error), here=True, overdue=True)
            found.append(ledger)
            self.unwritten = (ledger,)
        self._tell_the_log(found)
        self.found = tuple(found)
        return self.findings

    def _begin(self, now: Instant) -> None:
        """After a sleep, a start or a step of the clock nothing is late before it was possible."""
        self.hostclock.look(now)
        if self.last is not None and now - self.last > SLEPT:
            self.log.warning("slept", minutes=(now - self.last) // MINUTE)
            self.begun = now
            self.pulse.rest()
        if self.hostclock.holds(now):
            self.begun = now
            self.pulse.rest()
        self.last = now

    def _here(self, now: Instant) -> Iterator[Found]:
        """What this process alone can know."""
        yield from self.pulse.found(now)
        yield from self.hostclock.found(now)
        yield from copied(self.ledger)
        free = self.free()
        if free < ROOM:
            what = f"the disk is nearly full: {free // 1024 // 1024} MB are free; make room"
            yield Found("disk", "disk", what, here=True)
        for other in self.others:
            yield from other()

    def _sealed(self, now: Instant) -> Iterator[Found]:
        try:
            self.ledger.retrying(lambda tx: tx.seal(now))
        except Exception as error:  # noqa: BLE001  whatever it is, the audit goes on and tells it
            what = f"the chains can't be sealed: {type(error).__name__}: {error}"
            yield Found("seal", "ledger", what, here=True)

    def _in_ledger(self, here: Sequence[Found], now: Instant) -> list[Found]:
        names = {live.name for live in self.lives}
        with self.ledger.reading() as tx:
            # In a copy nothing is called, so nothing is blind that should see.
            called = () if self.ledger.foreign else self.lives
            survey = Survey(tx, now, names, called, self.begun)
            found = list(survey.all())
            return [*found, *survey.unheard([*here, *found])]

    def _keep(self, found: Sequence[Found], now: Instant) -> None:
        told = [each for each in found if each.family != UNHEARD]
        self.ledger.retrying(lambda tx: keep(tx, told, self.node, now))

    def _tell_the_log(self, found: Sequence[Found]) -> None:
        before = {(each.family, each.mark) for each in self.found}
        for each in found:
            if (each.family, each.mark) not in before:
                self.log.error("audit", about=each.subject, what=each.what)
        families = {each.family for each in found}
        for gone in self.found:
            if gone.family not in families:
                self.log.info("audit_clear", about=gone.subject, what=gone.what)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is wrong, since when, and who was told of it when, as far as a daemon has written it down."""

    finding: Finding
    trouble: Trouble | None = None


def standing(ledger: Ledger, names: Collection[str], now: Instant) -> tuple[Standing, ...]:
    """What is wrong, as a command beside the daemon knows it: from the ledger alone, with what each
    running daemon has left there. ``names`` are the connections of upheld.yaml."""
    with ledger.reading() as tx:
        survey = Survey(tx, now, names)
        alive = {node.id for node in running(tx)}
        rows = [Kept.of(row) for row in tx.troubles() if row.cleared is None]
        theirs = [row.found for row in rows if row.node in alive and row.family != COPY]
        found = [*copied(ledger), *survey.all(), *theirs]
        found += survey.unheard(found)
    known = {row.family: row.trouble for row in rows}
    return tuple(Standing(each.finding, known.get(each.family)) for each in found)


def audit(ledger: Ledger, names: Collection[str], now: Instant) -> tuple[Finding, ...]:
    """``standing``, without who was told."""
    return tuple(each.finding for each in standing(ledger, names, now))


def keep(tx: Transaction, found: Iterable[Found], node: str, now: Instant) -> None:
    """Write down what there is, and what is no longer there.

    What every daemon can see, every daemon judges; what one alone knows, that one judges, and for
    those that are gone whoever is left.
    """
    others = {each.id for each in running(tx)} - {node}
    rows = [row for row in map(Kept.of, tx.troubles()) if row.node not in others]
    by_family = {row.family: row for row in sorted(rows, key=lambda row: row.mark)}
    families = set()
    for each in found:
        families.add(each.family)
        known = by_family.get(each.family)
        same = known is not None and known.mark >= each.mark
        key = known.trouble.key if known and same else each.key(node)
        tx.trouble(key, each.subject, each.what, now)
    # What came after the look is not over because the look did not see it.
    gone = (row for row in rows if row.family not in families and row.trouble.since < now)
    over = [row.trouble.key for row in gone]
    tx.troubles_over(over, now)


def free_on(folder: Path) -> Callable[[], int]:
    """Looks how many bytes are free where ``folder`` is."""
    return lambda: shutil.disk_usage(folder).free
