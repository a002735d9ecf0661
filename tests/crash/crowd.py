"""Many cases that are due at the same instants, and several daemons that fall upon them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.crash.daemon import Process
from tests.crash.world import World
from upheld.calendar.instant import HOUR, Instant
from upheld.case.events import Actor, Opened, Side, Triaged
from upheld.ledger import Transaction

_BO: Final = Actor("bo", Side.STAFF)
#: More than a pager takes in a minute, so pages are calls here; and more than the brake lets go.
_MUCH: Final = "1000000 in 10 minutes"
_CONFIG: Final[Mapping[str, Any]] = {
    "reach": {
        "page": [{"voice": "phone"}],
        "call": [{"voice": "phone"}],
        "notify": [{"mail": "mailbox"}],
    },
    "go_live": {
        "mode": "live",
        "live_for": ["all"],
        "brake": {
            "pages": _MUCH,
            "customer_messages": _MUCH,
            "answers": _MUCH,
            "answers_a_day": _MUCH,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of them: per case the keys of its messages, without its name; by how often it was
    looked at, the cases; by attempts, the deliveries; by channel, what was sent and what came; by
    daemon, its attempts."""

    messages: Sequence[frozenset[str]]
    looks: Counter[int]
    attempts: Counter[int]
    sent: Counter[str]
    came: Counter[str]
    owners: Counter[str]


@contextmanager
def crowd(url: str | None, *, bundle: str = "off") -> Iterator[World]:
    """A world whose pages are calls, without a brake; each call is one case's, unless they are gathered."""
    config = {**_CONFIG, "reach": {**_CONFIG["reach"], "bundle": bundle}}
    with TemporaryDirectory() as folder, World(Path(folder), url, **config) as world:
        yield world


def worked_off(world: World, cases: int, daemons: int) -> Done:
    """As many cases of severity 1, from their triage to the first hourly status."""
    crew = [world.another() for _ in range(daemons)]
    world.site.ledger.retrying(partial(_phoned, world, cases))
    _to(world, world.clock.now() + HOUR, crew, patience=50 + cases)
    return _done(world)


def together(world: World, crew: Sequence[Process], patience: float = 50) -> None:
    """All of them settle at the same time, within so many seconds of machine time; none may die."""
    for process in crew:
        process.begin(world.clock.now())
    assert None not in [process.settled(patience) for process in crew]


def _phoned(world: World, cases: int, tx: Transaction) -> None:
    records, now = world.site.records, world.clock.now()
    for number in range(cases):
        told = Opened(
            "phone",
            f"Fault {number}",
            "Told on the phone.",
            reporter="pat@acme.example",
            customer="acme",
            enforced_from=now,
        )
        case = records.open(tx, told, actor=_BO, event_id=f"phone:{number}", at=now)
        records.fact(tx, case, Triaged(1, f"N{number}"), actor=_BO, event_id="triage")


def _to(world: World, end: Instant, crew: Sequence[Process], patience: float) -> None:
    together(world, crew, patience)
    while (wake := world.site.ledger.next_wake()) is not None and wake <= end:
        world.clock.forward_to(max(wake, world.clock.now()))
        together(world, crew, patience)


def _done(world: World) -> Done:
    rows = world.snapshot().rows
    messages: dict[str, set[str]] = {row["id"]: set() for row in rows["subject"]}
    for row in rows["outbox"]:
        messages[row["subject"]].add(row["key"].partition("/")[2])
    ticks = Counter(row["subject"] for row in rows["event"] if row["kind"] == "ticked")
    return Done(
        messages=[frozenset(keys) for keys in messages.values()],
        looks=Counter(ticks.values()),
        attempts=Counter(row["attempts"] for row in rows["delivery"]),
        sent=Counter(row["channel"] for row in rows["delivery"] if row["state"] == "accepted"),
        came=Counter(got.channel for got in world.got()),
        owners=Counter(row["owner"] for row in rows["attempt"]),
    )
