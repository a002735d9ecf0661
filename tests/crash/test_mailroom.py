"""kill -9 between fetch, commit, move and send: each mail handled once, one acknowledgement each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.crash.world import Snapshot, World
from upheld.plugin import Nature
from upheld.testing.faults import Moment, Passed

#: Processes are many here, and a machine may be busy with others.
pytestmark = pytest.mark.timeout(240)

PAT, RAY = "pat@acme.example", "ray@acme.example"
DONE = "Done"


class Mailroom(World):
    """A world whose mailbox is emptied into a folder, once what lay in it is on record."""

    def __init__(self, folder: Path, **config: Any) -> None:
        super().__init__(folder, **config)
        self.mail.add_folder(DONE)

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        whole["connections"]["mailbox"]["processed"] = DONE
        return whole


@dataclass(frozen=True, slots=True)
class Played:
    """Two customers and a machine have written; and every moment of what a daemon does then."""

    world: World
    before: Snapshot
    passed: list[Passed]

    def numbers(self, moment: Moment, what: str) -> list[int]:
        """The moments of a kind, counted from 1."""
        wanted = Passed(moment, what)
        return [number for number, each in enumerate(self.passed, 1) if each == wanted]


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with TemporaryDirectory() as folder, Mailroom(Path(folder)) as world:
        world.settle()
        world.mail.write(PAT, "Nobody can connect", "Since noon.")
        world.mail.write(RAY, "One server is slow", "Since one.")
        world.mail.write(PAT, "Away", "Until Monday.", headers={"Auto-Submitted": "auto-replied"})
        before = world.snapshot()
        passed = world.settled()
        assert passed is not None
        handled(world)
        yield Played(world, before, passed)


def handled(world: World) -> None:
    """Each customer has one case, one acknowledgement (a repeat bears the same Message-ID), and
    every mail lies in the folder of what is on record, once."""
    with world.site.ledger.reading() as tx:
        assert sorted(case.title for case in tx.cases()) == [
            "Nobody can connect",
            "One server is slow",
        ]
        assert [kept.reason for kept in tx.kept()] == [f"{Nature.AUTOMATIC.value} mail"]
        assert tx.verify_all() == []
    for customer in (PAT, RAY):
        assert len({sent.message["Message-ID"] for sent in world.mail.sent_to(customer)}) == 1
    assert world.mail.folder() == ()
    assert len(set(world.mail.folder(DONE))) == len(world.mail.folder(DONE)) == 3


def killed(played: Played, number: int) -> World:
    """Put back, killed there, and gone on with by another daemon."""
    world = played.world
    world.restore(played.before)
    assert world.settled(number) is None, "it went by without a crash"
    world.recover()
    return world


@pytest.mark.parametrize(
    ("moment", "what"),
    [
        (Moment.AFTER_CALL, "mailbox.pull"),  # fetched, and nothing of it is on record
        (Moment.BEFORE_COMMIT, "ledger"),
        (Moment.AFTER_COMMIT, "ledger"),
        (Moment.BEFORE_CALL, "mailbox.pull"),  # on record, and not yet moved
        (Moment.BEFORE_CALL, "mailbox.send"),
        (Moment.UNANSWERED, "mailbox.send"),  # taken, and nobody heard that it was
        (Moment.AFTER_CALL, "mailbox.send"),
    ],
)
def test_each_mail_is_handled_once_and_acknowledged_once(
    played: Played, moment: Moment, what: str
) -> None:
    numbers = played.numbers(moment, what)
    for number in sorted({numbers[0], numbers[len(numbers) // 2], numbers[-1]}):
        handled(killed(played, number))


def test_what_was_answered_or_never_begun_goes_out_once(played: Played) -> None:
    """Only a reply that was lost makes a second copy, and that one bears the same Message-ID."""
    for number in played.numbers(Moment.BEFORE_CALL, "mailbox.send"):
        world = killed(played, number)
        assert [len(world.mail.sent_to(customer)) for customer in (PAT, RAY)] == [1, 1]


def test_a_move_that_was_done_and_not_answered_is_no_second_mail(played: Played) -> None:
    world = played.world
    world.restore(played.before)
    world.mail.lose_reply_to("UID MOVE")
    world.settle()
    world.recover()
    handled(world)
