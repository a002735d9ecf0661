"""Schedules of faults: crashes, delays, doubles, turned order, late clocks; and a life under one.

All in one process and in memory but for the ledger: a crash drops the daemon and all it knew.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy.event import listen

from tests.core.desk.scene import ANN, PAT, Desk, message
from tests.crash.daemon import watch
from tests.crash.far_ends import Answer, FarEnds, connected
from tests.crash.world import expire
from upheld.calendar.instant import MINUTE, Instant, moment, parse
from upheld.case.events import Actor, Side
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.desk.intake import Source
from upheld.desk.records import Records
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways
from upheld.ledger import UNFINISHED, Ledger
from upheld.ledger.memory import Memory
from upheld.ledger.schema import metadata
from upheld.plugin import Ability, Channel
from upheld.testing import ScriptedConfig
from upheld.testing.faults import Crash, Faults, crash
from upheld.testing.stage import START

_STAFF: Final = Actor("bo", Side.STAFF)
_LIVE: Final = SafetyCatch(Mode.LIVE, None, frozenset({"all"}))
_WAYS: Final = Ways(
    page=(Way(Channel.PAGE, "pager"),),
    call=(Way(Channel.VOICE, "phone"),),
    notify=(Way(Channel.MAIL, "mailbox"),),
    customer=(Way(Channel.MAIL, "mailbox"),),
)
_TURNS: Final = 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """What goes wrong.

    ``crashes``: after so many moments, and after so many more …; ``answers`` of the far ends, call by
    call; ``delays`` in minutes and ``twice``, by the number of what comes in; ``backwards``: pulls;
    ``late``: minutes by which each wake is overslept; ``finds``: whether the mailbox can look up.
    """

    crashes: Sequence[int] = ()
    answers: Sequence[Answer] = ()
    delays: Mapping[int, int] = field(default_factory=dict)
    twice: frozenset[int] = frozenset()
    backwards: frozenset[int] = frozenset()
    late: Sequence[int] = ()
    finds: bool = False

    @property
    def calm(self) -> bool:
        """Nothing in it can make a far end hear the same twice."""
        return not self.crashes and Answer.LOST not in self.answers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the far ends were told, and how the ledger stands in the end."""

    took: Counter[tuple[str, str, str]]
    messages: Mapping[str, str]
    deliveries: Mapping[str, str]
    status: str
    faults: Sequence[object]
    crashes: int


class Life:
    """A case from its first mail to its end, under a schedule."""

    def __init__(self, ledger: Ledger, folder: Path, schedule: Schedule) -> None:
        self.schedule, self.folder = schedule, folder
        self.desk = Desk(ledger)
        self.desk.clock._now = parse(START)
        self.ends = FarEnds(
            deque(schedule.answers), schedule.delays, schedule.twice, schedule.backwards
        )
        self._crashes, self._late = deque(schedule.crashes), deque(schedule.late)
        self.crashed = 0
        self._born()

    def lived(self) -> Outcome:
        """From the beginning to the end."""
        for minute, deed in self._beats:
            self._wakes(parse(START) + minute * MINUTE)
            deed()
            self._settle()
        return self._outcome()

    @property
    def _beats(self) -> Iterator[tuple[int, Callable[[], object]]]:
        verbs = self.desk.verbs
        yield 0, lambda: self._mail("<first@acme>", "Nobody can connect")
        yield 3, lambda: None  # what is late has come by then
        yield 4, lambda: verbs.triage("C1", _STAFF, 1, number="1042")
        yield 6, lambda: verbs.acknowledge("C1", ANN)
        yield 10, lambda: self._mail("<second@acme>", "Re: it", thread=("<first@acme>",))
        yield 30, lambda: verbs.work("C1", _STAFF)
        yield 75, lambda: verbs.resolve("C1", _STAFF, "A router was replaced.")
        yield 80, lambda: verbs.close("C1", _STAFF, "agreed")

    def _mail(self, name: str, subject: str, **values: Any) -> None:
        now = moment(self.desk.clock.now())
        self.ends.say("mailbox", message(PAT, subject, id=name, at=now, **values), now)

    def _wakes(self, until: Instant) -> None:
        clock = self.desk.clock
        while (wake := self.desk.ledger.next_wake()) is not None and wake < until:
            late = (self._late.popleft() if self._late else 0) * MINUTE
            clock.forward_to(max(clock.now(), min(wake + late, until)))
            self._settle()
        clock.forward_to(until)

    def _settle(self) -> None:
        """Until nothing waits for its time any more, however often the daemon dies over it."""
        for _ in range(_TURNS):
            if self._survives() and not self._unfinished():
                return
            with self.desk.ledger._engine.begin() as connection:
                expire(connection)
        raise AssertionError(f"never comes to an end: {self._unfinished()}")

    def _survives(self) -> bool:
        with suppress(Crash):
            self.daemon.settle()
        if self.faults.over:  # it died in the thread of a plugin, and went on until it had to write
            self.crashed += 1
            self._born()
            return False
        return True

    def _born(self) -> None:
        """A daemon that knows nothing but the ledger."""
        old = self.desk.ledger
        ledger = Ledger(old._engine, old.site, Memory(), foreign=False, busy_seconds=10)
        self.daemon: Daemon = build_daemon(self._parts(ledger))
        self.faults = Faults(crash, self.ends.lose_answer)
        watch(self.faults, self.daemon)
        self.faults.arm(self._crashes.popleft() if self._crashes else None)

    def _parts(self, ledger: Ledger) -> Parts:
        return Parts(
            records=Records(ledger, self.desk.book, self.desk.clock),
            directory=self.desk.directory,
            connections=self._connections,
            ways=_WAYS,
            catch=_LIVE,
            site="test",
            zone="UTC",
            folder=self.folder,
        )

    @cached_property
    def _connections(self) -> list[Configured]:
        sure = Ability.FIND if self.schedule.finds else Ability.REPEAT
        abilities = {
            "mailbox": (Ability.PULL, sure),
            "pager": (Ability.PULL, Ability.REPEAT, Ability.WITHDRAW, Ability.RECEIPTS),
            "phone": (),
        }
        return [
            Configured(connected(self.ends, *can), ScriptedConfig(), Source(name, name))
            for name, can in abilities.items()
        ]

    def _unfinished(self) -> list[str]:
        with self.desk.ledger.reading() as tx:
            return [each.key for each in tx.deliveries(states=UNFINISHED)]

    def _outcome(self) -> Outcome:
        with self.desk.ledger.reading() as tx:
            return Outcome(
                took=self.ends.took,
                messages={item.key: item.state for item in tx.items()},
                deliveries={each.key: each.state for each in tx.deliveries()},
                status=tx.case("C1").status,
                faults=tx.verify_all(),
                crashes=self.crashed,
            )


def schedules() -> SearchStrategy[Schedule]:
    """Up to five crashes, and a little of everything else."""
    few = st.frozensets(st.integers(0, 12), max_size=3)
    return st.builds(
        Schedule,
        crashes=st.lists(st.integers(1, 150), max_size=5),
        answers=st.lists(st.sampled_from(Answer), max_size=20),
        delays=st.dictionaries(st.integers(0, 12), st.integers(0, 3), max_size=3),
        twice=few,
        backwards=few,
        late=st.lists(st.integers(0, 5), max_size=4),
        finds=st.booleans(),
    )


def emptied(ledger: Ledger) -> Ledger:
    """The ledger without a row but that of its site."""
    with ledger._engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    return ledger


@contextmanager
def scratch() -> Iterator[tuple[Ledger, Path]]:
    """A ledger for lives, each of which empties it, and a folder."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lives.db"
        Ledger.create(url)
        with Ledger.open(url, site="test") as ledger:
            # Nobody pulls the plug of these lives, so none needs to wait for its disk.
            listen(ledger._engine, "connect", _unsafe)
            ledger._engine.dispose()
            yield ledger, Path(folder)


def _unsafe(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def lived(ledger: Ledger, folder: Path, schedule: Schedule) -> Outcome:
    """A life from nothing."""
    return Life(emptied(ledger), folder, schedule).lived()


def differs(wanted: Outcome, found: Outcome, *, calm: bool) -> list[str]:
    """What a life under faults came to that an undisturbed one did not; [] where it converged."""
    said, due = set(found.took), set(wanted.took)
    wrong = [f"missing: {key}" for key in due - said] + [f"too much: {key}" for key in said - due]
    if calm:
        wrong += [f"{times} times: {key}" for key, times in found.took.items() if times > 1]
    for name in ("messages", "deliveries", "status", "faults"):
        if getattr(wanted, name) != getattr(found, name):
            wrong.append(f"{name}: {getattr(wanted, name)} became {getattr(found, name)}")
    return wrong
