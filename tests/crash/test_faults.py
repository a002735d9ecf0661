"""Faults on demand: where a process can die, and what is there when it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from upheld.calendar.instant import moment, parse
from upheld.ledger import Ledger
from upheld.plugin import Address, Channel, Outgoing, Unknown, Urgency
from upheld.testing import ScriptedConfig, ScriptedNotifier, make_context
from upheld.testing.faults import Crash, Faults, Moment, Passed, crash

NOON = moment(parse("2026-12-07T12:00:00Z"))
BO = Address(Channel.PAGE, "PBO", "Bo Lindt")
BEFORE, AFTER = Moment.BEFORE_COMMIT, Moment.AFTER_COMMIT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path_factory.mktemp('faults') / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as found:
        yield found


@pytest.fixture
def ledger(made: Ledger) -> Iterator[Ledger]:
    """Nothing is written in it, and nobody watches."""
    yield made
    vars(made).pop("transaction", None)
    made.retrying(lambda tx: tx.vault_delete("pager", "key"))


@pytest.fixture
def pager(tmp_path: Path) -> ScriptedNotifier:
    return ScriptedNotifier(ScriptedConfig(), make_context(tmp_path, NOON, "pager"))


def message() -> Outgoing:
    return Outgoing("C1", "Nobody works it", "Two hours.", Urgency.HIGH)


def write(ledger: Ledger) -> None:
    ledger.retrying(lambda tx: tx.vault_set("pager", "key", "value"))


def written(ledger: Ledger) -> bool:
    with ledger.reading() as tx:
        return tx.vault_get("pager", "key") is not None


@pytest.mark.parametrize(("number", "there"), [(1, False), (2, True)])
def test_a_crash_before_a_commit_undoes_and_after_it_keeps(
    ledger: Ledger, number: int, there: bool
) -> None:
    faults = Faults(crash)
    faults.watch_ledger(ledger)
    faults.arm(number)
    with pytest.raises(Crash):
        write(ledger)
    assert faults.passed == [Passed(BEFORE, "ledger"), Passed(AFTER, "ledger")][:number]
    assert (written(ledger), faults.over) == (there, True)


def test_who_is_dead_writes_nothing_more_even_to_clean_up(ledger: Ledger) -> None:
    faults = Faults(crash)
    faults.watch_ledger(ledger)
    faults.arm(1)
    for _ in range(2):
        with pytest.raises(Crash):
            write(ledger)
    assert not written(ledger)


def test_counting_alone_changes_nothing(ledger: Ledger, pager: ScriptedNotifier) -> None:
    faults = Faults(crash)
    faults.watch_ledger(ledger)
    faults.watch_plugin("pager", pager)
    write(ledger)
    pager.send(message(), BO, "k")
    pager.pull(None)
    assert [each.what for each in faults.passed] == [
        *["ledger"] * 2,
        *["pager.send"] * 2,
        *["pager.pull"] * 2,
    ]
    assert (written(ledger), len(pager.sent), faults.over) == (True, 1, False)


@pytest.mark.parametrize(
    ("number", "moment", "sent"),
    [
        (1, Moment.BEFORE_CALL, 0),
        (2, Moment.UNANSWERED, 1),
        (3, Moment.AFTER_CALL, 1),
    ],
)
def test_a_crash_around_a_call(
    pager: ScriptedNotifier, number: int, moment: Moment, sent: int
) -> None:
    asked: list[str] = []

    def lose_answer(name: str) -> bool:
        asked.append(name)
        pager.lose_reply()
        return True

    faults = Faults(crash, lose_answer)
    faults.watch_plugin("pager", pager)
    faults.arm(number)
    with pytest.raises(Crash):
        pager.send(message(), BO, "k")
    assert (faults.passed[-1].moment, len(pager.sent)) == (moment, sent)
    assert asked == (["pager"] if moment is Moment.UNANSWERED else [])


def test_an_answer_is_lost_only_where_it_is_to_be(pager: ScriptedNotifier) -> None:
    """Reading changes nothing at a far end, and a call that raises passes its moments too."""
    faults = Faults(crash, lambda _name: True)
    faults.watch_plugin("pager", pager)
    pager.pull(None)
    pager.fail_next(Unknown("the line broke"))
    with pytest.raises(Unknown):
        pager.send(message(), BO, "k")
    assert [each.moment for each in faults.passed] == [
        Moment.BEFORE_CALL,
        Moment.AFTER_CALL,
        Moment.BEFORE_CALL,
        Moment.UNANSWERED,
        Moment.AFTER_CALL,
    ]


def test_it_need_not_be_a_crash(ledger: Ledger) -> None:
    struck: list[str] = []
    faults = Faults(lambda: struck.append("here"))
    faults.watch_ledger(ledger)
    faults.arm(2)
    write(ledger)
    assert (struck, written(ledger), faults.over) == (["here"], True, False)
