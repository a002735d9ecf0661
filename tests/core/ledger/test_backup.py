"""A whole ledger in a file and back, from and into either database; and who must notice."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.ledger.scene import (
    BODY,
    NOW,
    Database,
    begin,
    lease,
    new_case,
    plan,
    record,
    tamper,
)
from tests.core.ledger.test_database import set_revision
from tests.core.ledger.test_upgrade import everything, fill, make_0001
from tests.postgresql import schema
from upheld.errors import LedgerError, Refusal, SchemaMismatch
from upheld.ledger import CASE_NUMBER, DeliveryState, Ledger
from upheld.ledger.backup import back_up, note, verified
from upheld.ledger.restore import Restored, restore
from upheld.ledger.schema import REVISIONS

#: What a restore changes on purpose.
CHANGED = {"alembic_version", "site", "stop", "node", "counter", "delivery", "pull", "trouble"}


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a ledger, of the kind that the test names."""
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'target.db'}", "sqlite")
        return
    with schema() as url:
        yield Database(url, "postgresql")


@pytest.fixture
def made(unmade: Database) -> Database:
    """A ledger with one case."""
    Ledger.create(unmade.url)
    with unmade.another() as ledger:
        new_case(ledger)
    return unmade


@pytest.fixture
def small(tmp_path: Path) -> Database:
    """The same in a file, for what is no matter of the database."""
    database = Database(f"sqlite:///{tmp_path / 'small.db'}", "sqlite")
    Ledger.create(database.url)
    with database.another() as ledger:
        new_case(ledger)
    return database


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Restored]:
    """Restore, in the name of Anna."""

    def brought(file: Path, database: Database, **more: Any) -> Restored:
        kept = tmp_path / "kept"
        return restore(file, database.url, folder=kept, actor="anna", now=NOW, **more)

    return brought


Bring = Callable[..., Restored]


# --- the backup -------------------------------------------------------------------------------------


def test_it_says_whose_ledger_it_is_and_what_must_be_in_the_file(
    small: Database, tmp_path: Path
) -> None:
    file = tmp_path / "b"
    told = back_up(small.url, file)
    assert (told.site, told.epoch, told.schema) == ("test", 1, REVISIONS[-1])
    assert told.size == file.stat().st_size
    assert verified(file) == told


def test_it_is_one_moment_while_others_write(made: Database, tmp_path: Path) -> None:
    """Every event that is in it has its place in a chain that holds."""
    over, file = threading.Event(), tmp_path / "b"
    with made.another() as ledger:

        def busy() -> None:
            while not over.is_set():
                record(ledger, new_case(ledger), BODY)

        writer = threading.Thread(target=busy)
        writer.start()
        try:
            back_up(made.url, file)
        finally:
            over.set()
            writer.join()
    with Ledger.open(f"sqlite:///{file}", site="test") as copy, copy.reading() as tx:
        assert tx.verify_all() == []
        assert {len(tx.events(case.id)) for case in tx.cases()} <= {1, 2}


def test_an_old_schema_is_backed_up_as_it_is(unmade: Database, tmp_path: Path) -> None:
    make_0001(unmade.url)
    fill(unmade.url)
    file = tmp_path / "b"
    assert back_up(unmade.url, file).schema == "0001"
    assert everything(f"sqlite:///{file}") == everything(unmade.url)


@pytest.mark.parametrize("there", ["b", "b.json"])
def test_nothing_is_written_over(small: Database, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(Refusal, match="a file of this name"):
        back_up(small.url, tmp_path / "b")
    assert [path.read_text() for path in tmp_path.glob("b*")] == ["mine"]


def test_what_could_not_be_finished_is_not_left_behind(
    small: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("upheld.ledger.backup._write", full)
    with pytest.raises(LedgerError, match="No space left") as caught:
        back_up(small.url, tmp_path / "b")
    assert "free some space" in caught.value.do_next
    assert list(tmp_path.glob("b*")) == []


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flip, "checksum differs"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "checksum differs"),
        (lambda file: note(file).unlink(), "no whole backup"),
        (lambda file: note(file).write_text("{}"), "no whole backup"),
        (lambda file: file.unlink(), "no whole backup"),
    ],
)
def test_a_backup_that_is_not_whole_replaces_nothing(
    small: Database, tmp_path: Path, bring: Bring, damage: Callable[[Path], Any], said: str
) -> None:
    file = tmp_path / "b"
    back_up(small.url, file)
    damage(file)
    before = everything(small.url)
    with pytest.raises(LedgerError, match=said):
        bring(file, small, force=True)
    assert everything(small.url) == before


# --- the restore ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["sqlite", "postgresql"], indirect=True)
def test_every_row_comes_back_into_either_database(
    unmade: Database, target: Database, tmp_path: Path, bring: Bring
) -> None:
    Ledger.create(unmade.url)
    fill(unmade.url)
    before = everything(unmade.url)
    back_up(unmade.url, tmp_path / "b")
    bring(tmp_path / "b", target)
    after = everything(target.url)
    assert after.keys() == before.keys()
    same = before.keys() - CHANGED
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    for name in ("delivery", "pull", "trouble", "stop"):
        assert len(after[name]) >= len(before[name]), name


@pytest.mark.parametrize("target", ["sqlite", "postgresql"], indirect=True)
def test_a_restored_ledger_goes_on(
    made: Database, target: Database, tmp_path: Path, bring: Bring
) -> None:
    with made.another() as ledger:
        plan(ledger, new_case(ledger))
    back_up(made.url, tmp_path / "b")
    bring(tmp_path / "b", target)
    with target.another() as ledger:
        case = new_case(ledger)
        assert case == "C3", "numbers go on"
        plan(ledger, case)
        record(ledger, "C1", BODY)
        with ledger.reading() as tx:
            assert tx.verify_all() == []


def test_a_new_epoch_begins_with_everything_held(
    small: Database, tmp_path: Path, bring: Bring
) -> None:
    back_up(small.url, tmp_path / "b")
    epochs = [bring(tmp_path / "b", small, force=True).epoch for _ in range(2)]
    assert epochs == [2, 3], "also when the same backup is restored again"
    with small.another() as ledger:
        stopped = ledger.stopped()
        assert stopped is not None
        assert (stopped.reason, stopped.actor, stopped.at) == ("restored from b", "anna", NOW)
        assert (ledger.site.epoch, ledger.restored()) == (3, NOW)


@pytest.mark.parametrize("target", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(("gap", "handle", "number"), [(0, "C2", 1), (1000, "C1002", 1001)])
def test_numbers_since_the_backup_are_left_out_where_that_is_asked(
    small: Database,
    target: Database,
    tmp_path: Path,
    bring: Bring,
    gap: int,
    handle: str,
    number: int,
) -> None:
    back_up(small.url, tmp_path / "b")
    bring(tmp_path / "b", target, gap=gap)
    with target.another() as ledger, ledger.transaction() as tx:
        assert tx.new_subject("case", policy="p1", now=NOW) == handle
        assert tx.next_number(CASE_NUMBER) == number
        assert tx.next_number("opened/mailbox/pat/7") == 1, "rates are no numbers of anybody"


def test_why_it_was_held_before_stays_known(small: Database, tmp_path: Path, bring: Bring) -> None:
    with small.another() as ledger:
        ledger.stop("a rehearsal", "bo", NOW)
    back_up(small.url, tmp_path / "b")
    bring(tmp_path / "b", small, force=True)
    with small.another() as ledger:
        stopped = ledger.stopped()
        assert stopped is not None
        assert stopped.reason == "restored from b; held before: a rehearsal"
        assert ledger.resume("anna", NOW)
        assert ledger.stopped() is None


def test_what_was_under_way_is_unknown_and_in_nobodys_hands(
    made: Database, tmp_path: Path, bring: Bring
) -> None:
    with made.another() as ledger:
        for _ in range(2):
            plan(ledger, new_case(ledger))
        first, _ = lease(ledger, seconds=3600)
        begin(ledger, first)
        ledger.lease_pull("mailbox", "one", seconds=3600)
    back_up(made.url, tmp_path / "b")
    bring(tmp_path / "b", made, force=True)
    with made.another() as ledger:
        with ledger.reading() as tx:
            assert tx.in_flight() == {DeliveryState.UNKNOWN: 2}
        ledger.resume("anna", NOW)
        assert len(lease(ledger, "two")) == 2
        assert ledger.lease_pull("mailbox", "two", seconds=1) is not None


def test_a_ledger_that_is_there_is_replaced_by_force_alone_and_kept(
    small: Database, tmp_path: Path, bring: Bring
) -> None:
    back_up(small.url, tmp_path / "b")
    with small.another() as ledger:
        new_case(ledger)
    with pytest.raises(Refusal, match="a ledger already"):
        bring(tmp_path / "b", small)
    kept = bring(tmp_path / "b", small, force=True).kept
    assert kept is not None
    assert verified(kept).site == "test"
    bring(kept, small, force=True)
    with small.another() as ledger, ledger.reading() as tx:
        assert [case.id for case in tx.cases()] == ["C1", "C2"]


def test_while_a_daemon_runs_there_nothing_is_replaced(
    small: Database, tmp_path: Path, bring: Bring
) -> None:
    back_up(small.url, tmp_path / "b")
    with small.another() as ledger:
        with ledger.transaction() as tx:
            tx.beat("one", version="1", config="x")
        with pytest.raises(Refusal, match="a daemon runs"):
            bring(tmp_path / "b", small, force=True)
        tamper(ledger, "UPDATE node SET beat = beat - 181000000")
    assert bring(tmp_path / "b", small, force=True).epoch == 2


def test_a_daemon_that_was_there_all_the_same_writes_nothing_more(
    small: Database, tmp_path: Path, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upheld.ledger.ledger._LOOK_AGAIN", 0)
    back_up(small.url, tmp_path / "b")
    with small.another() as ledger:
        record(ledger, "C1", BODY)
        bring(tmp_path / "b", small, force=True)
        with pytest.raises(LedgerError, match="epoch 2 has begun") as caught:
            record(ledger, "C1", BODY)
    assert caught.value.do_next == "restart it"


def test_a_damaged_file_makes_way_and_is_kept(tmp_path: Path, bring: Bring) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}", "sqlite")
    Ledger.create(database.url)
    Ledger.open(database.url, site="test").close()
    back_up(database.url, tmp_path / "b")
    (tmp_path / "ledger.db").write_bytes(b"no database " * 1000)
    with pytest.raises(LedgerError):
        bring(tmp_path / "b", database)
    bring(tmp_path / "b", database, force=True)
    assert (tmp_path / "kept" / "ledger.db.damaged").read_bytes().startswith(b"no database")
    with database.another() as ledger:
        assert new_case(ledger) == "C1"


def test_what_fails_half_way_changes_nothing(
    made: Database, tmp_path: Path, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(made.url, tmp_path / "b")
    with made.another() as ledger:
        new_case(ledger)
    before = everything(made.url)
    name = "copy_pages" if made.kind == "sqlite" else "transfer"
    whole = getattr(__import__("upheld.ledger.restore", fromlist=[name]), name)

    def broken(*args: Any) -> None:
        if made.kind == "postgresql":
            whole(*args)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(f"upheld.ledger.restore.{name}", broken)
    with pytest.raises((LedgerError, OSError)):
        bring(tmp_path / "b", made, force=True)
    assert everything(made.url) == before


# --- schemas ----------------------------------------------------------------------------------------


def test_a_backup_of_an_older_schema_is_brought_to_this_one(
    unmade: Database, tmp_path: Path, bring: Bring
) -> None:
    make_0001(unmade.url)
    fill(unmade.url)
    back_up(unmade.url, tmp_path / "b")
    Ledger.upgrade(unmade.url)
    bring(tmp_path / "b", unmade, force=True)
    with unmade.another() as ledger:
        assert ledger.site.epoch == 5
        record(ledger, "C7", BODY)
        with ledger.reading() as tx:
            assert tx.verify_all() == []


def test_a_backup_of_a_newer_schema_is_refused(
    small: Database, tmp_path: Path, bring: Bring
) -> None:
    back_up(small.url, tmp_path / "b")
    beside = note(tmp_path / "b")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"schema": "9999"}))
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        bring(tmp_path / "b", small, force=True)


def test_an_upgrade_keeps_a_backup_of_how_it_was(unmade: Database, tmp_path: Path) -> None:
    make_0001(unmade.url)
    fill(unmade.url)
    before = everything(unmade.url)
    folder = tmp_path / "data"
    folder.mkdir()
    kept = Ledger.upgrade(unmade.url, folder=folder)
    assert kept is not None
    assert (kept.parent, verified(kept).schema) == (folder, "0001")
    assert everything(f"sqlite:///{kept}") == before, "an older program goes back with it"


def test_without_its_backup_nothing_is_upgraded(unmade: Database, tmp_path: Path) -> None:
    make_0001(unmade.url)
    with pytest.raises(LedgerError):
        Ledger.upgrade(unmade.url, folder=tmp_path / "not" / "there")
    assert everything(unmade.url)["alembic_version"] == [{"version_num": "0001"}]


def test_an_older_daemon_stops_deciding_when_the_schema_moves_under_it(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upheld.ledger.ledger._LOOK_AGAIN", 0)
    with made.another() as ledger:
        record(ledger, "C1", BODY)
        set_revision(made.url, "9999")
        with pytest.raises(SchemaMismatch, match="newer than this program"):
            record(ledger, "C1", BODY)
        with pytest.raises(SchemaMismatch):
            lease(ledger)
        with ledger.reading() as tx:
            assert len(tx.events("C1")) == 2


def test_a_copied_file_is_a_copy_of_the_ledger(tmp_path: Path) -> None:
    """What `cp` makes while nobody runs opens under its own name, and is foreign under another."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger.create(url)
    Ledger.open(url, site="zurich").close()
    shutil.copy(tmp_path / "ledger.db", tmp_path / "copy.db")
    with Ledger.open(f"sqlite:///{tmp_path / 'copy.db'}", site="staging") as copy:
        assert copy.foreign
