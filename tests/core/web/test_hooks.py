"""A webhook: what it brings is on record before the answer goes out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.core.web.scene import AT, PAT, SECRET, Entry
from tests.core.web.scene import entry as made
from upheld.errors import DiskFull
from upheld.ledger import Fate, Ledger
from upheld.web.hooks import Hooks


def case_count(entry: Entry) -> int:
    return len(entry.desk.cases())


def test_a_hint_is_kept_and_the_item_read_by_its_id(entry_on_both: Entry) -> None:
    entry = entry_on_both
    entry.daemon.pullers[0].pull()
    entry.tracker.lags = True
    item = entry.tracker.open(PAT, "Nobody can connect")
    assert entry.post({"touched": item.ref.id}).status == 202
    assert (entry.hinted(), case_count(entry)) == ([item.ref.id], 0)
    assert entry.daemon.pullers[0].pull() == 1
    assert (entry.hinted(), case_count(entry)) == ([], 1)


def test_the_reader_is_woken_and_so_is_the_daemon(entry: Entry) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    entry.post({"touched": item.ref.id})
    assert entry.daemon.pullers[0].touched.is_set()
    assert entry.woken.is_set()


def test_a_whole_item_is_a_hint_as_well(entry_on_both: Entry) -> None:
    item = entry_on_both.tracker.open(PAT, "Nobody can connect")
    entry_on_both.post({"item": item.ref.id})
    assert (entry_on_both.hinted(), case_count(entry_on_both)) == ([item.ref.id], 0)


def test_what_was_there_before_the_first_reading_wakes_nobody_though_it_was_hinted(
    entry: Entry,
) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect", severity=1)
    entry.desk.clock.forward(hours=1)
    entry.post({"touched": item.ref.id})
    entry.daemon.settle()
    with entry.desk.ledger.reading() as tx:
        (case,) = tx.cases()
        assert {item.purpose for item in tx.items(subject=case.id)} <= {"fields"}
    assert entry.hinted() == []


def test_a_copy_takes_in_nothing(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    monkeypatch.setattr(entry.desk.ledger, "foreign", True)
    assert entry.post({"touched": item.ref.id}).status == 503
    assert entry.hinted() == []


def test_ten_webhooks_and_a_poll_of_one_item_make_one_case(entry: Entry) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    for _ in range(10):
        entry.post({"touched": item.ref.id})
        entry.post({"item": item.ref.id})
    entry.daemon.pullers[0].pull()
    entry.daemon.pullers[0].pull()
    assert case_count(entry) == 1


def test_what_a_webhook_refuses_is_in_quarantine(entry: Entry) -> None:
    entry.post({"refused": "x-1"})
    with entry.desk.ledger.reading() as tx:
        (kept,) = tx.kept(Fate.REFUSED)
    assert (kept.connection, kept.reason) == ("tracker", "it is no item of ours")


def test_what_is_sent_again_under_its_name_is_answered_and_left_alone(
    entry_on_both: Entry, tmp_path: Path
) -> None:
    """Also by a daemon that has just started: the name is on record with what it brought."""
    entry = entry_on_both
    entry.daemon.pullers[0].pull()
    item = entry.tracker.open(PAT, "Nobody can connect")
    told = {"touched": item.ref.id, "once": "w-1"}
    entry.post(told)
    entry.daemon.pullers[0].pull()
    again = made(entry.desk, tmp_path / "again")
    again.tracker.items.update(entry.tracker.items)
    assert again.post(told).status == 202
    assert again.hinted() == []
    assert again.post({**told, "once": "w-2"}).status == 202
    assert again.hinted() == [item.ref.id]
    again.daemon.close()


def test_what_could_not_be_stored_may_come_again_under_its_name(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    told = {"touched": item.ref.id, "once": "w-1"}

    def full(*_: object, **__: object) -> None:
        raise DiskFull("no space is left")

    with monkeypatch.context() as patched:
        patched.setattr(Hooks, "_keep", full)
        assert entry.post(told).status == 503
    assert (entry.post(told).status, entry.hinted()) == (202, [item.ref.id])


def test_a_name_is_its_connections_alone(entry: Entry) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    with entry.desk.ledger.transaction() as tx:
        assert tx.claim_item("pager", "webhook:w-1")
    entry.post({"touched": item.ref.id, "once": "w-1"})
    assert entry.hinted() == [item.ref.id]


def test_where_it_cannot_be_stored_it_is_to_be_sent_again(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")

    def full(*_: object, **__: object) -> None:
        raise DiskFull("no space is left")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "retrying", full)
        assert entry.post({"touched": item.ref.id}).status == 503
    assert entry.hinted() == []
    assert not entry.woken.is_set()


# --- who may come in ------------------------------------------------------------------------------


def test_a_signature_that_does_not_fit_lets_nothing_in(entry: Entry) -> None:
    item = entry.tracker.open(PAT, "Nobody can connect")
    assert entry.post({"touched": item.ref.id}, secret="guess").status == 401
    assert entry.hinted() == []


def test_forgeries_are_on_record_but_fill_no_disk(entry: Entry) -> None:
    for second in range(25):
        entry.post({}, secret="guess", at=AT + timedelta(seconds=second))
    with entry.desk.ledger.reading() as tx:
        kept = tx.kept(Fate.REFUSED)
    assert [each.reason for each in kept] == ["signature: the signature is not ours"] * 3
    assert [each.raw for each in kept] == [b""] * 3


@pytest.mark.parametrize("name", ["deaf", "nobody", "", "../tracker"])
def test_who_takes_none_or_is_not_there_is_not_found(entry: Entry, name: str) -> None:
    assert entry.post({}, to=name).status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"touched": "not there"}'])
def test_what_a_plugin_stumbles_over_is_told_and_the_next_one_taken(
    entry: Entry, body: bytes
) -> None:
    assert entry.post(body).status == 500
    item = entry.tracker.open(PAT, "Nobody can connect")
    assert entry.post({"touched": item.ref.id}).status == 202


def test_no_secret_is_logged(entry: Entry) -> None:
    entry.post(b"{")
    entry.post({}, secret="guess")
    assert SECRET not in repr(entry.log.lines)


def test_a_connection_whose_credentials_are_refused_hears_what_is_told_all_the_same(
    entry: Entry,
) -> None:
    """Who answers a page must not be rung on, because a token has run out meanwhile."""
    entry.daemon.lives[0].stop("its credentials are refused")
    item = entry.tracker.open(PAT, "Nobody can connect")
    assert entry.post({"touched": item.ref.id}).status == 202
    assert len(entry.hinted()) == 1, "it is read once somebody has mended that"


def test_a_connection_whose_calls_hang_takes_none(entry: Entry) -> None:
    live = entry.daemon.lives[0]
    live.tripped, live._again = "three calls hang", live._monotonic() + 60
    item = entry.tracker.open(PAT, "Nobody can connect")
    assert entry.post({"touched": item.ref.id}).status == 503
    assert entry.hinted() == []
