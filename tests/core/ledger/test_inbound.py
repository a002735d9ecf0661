"""What comes in, once; conversations, links, pulls, switches and small secrets."""

from __future__ import annotations

import pytest

from tests.core.ledger.scene import NOW, Database, expire
from upheld.calendar.instant import MINUTE
from upheld.errors import Fenced, NotFound, Refusal
from upheld.ledger import Fate, Ledger, PullStatus, StopState


def test_an_item_is_claimed_once_a_connection(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        assert tx.claim_item("mail", "m1")
        assert not tx.claim_item("mail", "m1")
        assert tx.claim_item("jira", "m1")


def test_what_an_item_said_is_known_by_every_connection(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.claim_item("mail", "m1", "one")
        tx.claim_item("sales", "m1")
        assert tx.digests(["mail"], "m1") == {"one"}
        assert tx.digests(["mail", "sales"], "m1") == {"one", None}
        assert tx.digests(["mail"], "m2") == set()


def test_a_message_finds_its_case_by_the_surest_token(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.bind_thread("mail", "<a@x>", "C1")
        tx.bind_thread("mail", "<b@x>", "C2")
        assert tx.thread("mail", ["<?>", "<b@x>", "<a@x>"]) == "C2"
        assert tx.thread("mail", ["<?>"]) is None
        assert tx.thread("mail", []) is None
        assert tx.thread("chat", ["<a@x>"]) is None
        assert tx.thread_of_any(["chat", "mail"], ["<b@x>"]) == "C2"


def test_a_token_stays_with_its_first_case(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.bind_thread("mail", "<a@x>", "C1")
        tx.bind_thread("mail", "<a@x>", "C2")
        assert tx.thread("mail", ["<a@x>"]) == "C1"


def test_the_handles_of_a_conversation_come_oldest_first(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        for token in ("<z>", "<a>", "<m>"):
            tx.bind_thread("mail", token, "C1")
        tx.bind_thread("chat", "<chat>", "C1")
        assert tx.thread_handles("C1", "mail") == ["<z>", "<a>", "<m>"]


def test_what_could_not_be_taken_is_kept(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.quarantine("mail", "m1", "broken charset", b"\xff\x00raw", NOW)
        tx.quarantine("mail", "m1", "seen again", b"", NOW)
        (kept,) = tx.kept(Fate.REFUSED)
    assert (kept.reason, kept.raw, kept.at) == ("broken charset", b"\xff\x00raw", NOW)
    assert "raw" not in repr(kept)


def test_one_that_is_kept_is_found_by_its_number(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.quarantine("mail", "m1", "broken", b"one", NOW)
        tx.quarantine("mail", "m2", "broken", b"two", NOW)
        last = tx.kept()[-1]
        assert tx.kept_as(last.number) == last
        with pytest.raises(NotFound, match="nothing is kept"):
            tx.kept_as(last.number + 1)


def test_mail_from_nobodys_end_user_is_kept_and_listed(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.keep_unrouted("mail", "m2", sender="x@home", title="help", raw=b"mail", now=NOW)
        tx.quarantine("mail", "m1", "broken", b"", NOW)
        (kept,) = tx.kept(Fate.REFERRED)
        assert (kept.sender, kept.title, kept.raw) == ("x@home", "help", b"mail")
        assert len(tx.kept()) == 2


def test_what_was_kept_is_settled_once_and_stays_with_who_and_why(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.quarantine("mail", "m1", "broken", b"bytes", NOW)
        number = tx.kept()[0].number
        assert tx.settle_kept(number, Fate.DROPPED, by="ann", why="spam", now=NOW + 1)
        assert not tx.settle_kept(number, Fate.RELEASED, by="bo", why=None, now=NOW + 2)
        (kept,) = tx.kept()
        assert (kept.fate, kept.raw, kept.reason) == (Fate.DROPPED, b"bytes", "broken")
        assert (kept.settled, kept.settled_by, kept.settled_why) == (NOW + 1, "ann", "spam")
        assert tx.kept(Fate.REFUSED, Fate.REFERRED) == []
        assert not tx.settle_kept(4711_000, Fate.DROPPED, by="ann", why="x", now=NOW)


def test_a_link_is_found_both_ways(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.link("C1", "jira", remote_id="10001", key="SUP-1", url="https://jira/SUP-1")
        tx.link("C1", "remedy", remote_id="INC1", key="INC1")
        assert tx.link_of("C1", "jira") == tx.linked("jira", "10001")
        assert [link.connection for link in tx.links("C1")] == ["jira", "remedy"]
        assert tx.linked("jira", "nope") is None
        assert tx.link_of("C2", "jira") is None


def test_the_same_link_takes_over_a_new_key(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.link("C1", "jira", remote_id="10001", key="SUP-1")
        tx.link("C1", "jira", remote_id="10001", key="OPS-9")
        found = tx.linked("jira", "10001")
    assert found is not None
    assert found.key == "OPS-9"


@pytest.mark.parametrize(("case", "remote"), [("C2", "10001"), ("C1", "10002")])
def test_a_second_link_is_refused_either_way(ledger: Ledger, case: str, remote: str) -> None:
    with ledger.transaction() as tx:
        tx.link("C1", "jira", remote_id="10001", key="SUP-1")
        with pytest.raises(Refusal, match="C1 is already linked to SUP-1"):
            tx.link(case, "jira", remote_id=remote, key="SUP-2")


# --- pulls ---------------------------------------------------------------------------------


def test_a_connection_is_pulled_by_one_at_a_time(ledger: Ledger) -> None:
    first = ledger.lease_pull("mail", "one", seconds=60)
    assert first is not None
    assert first.cursor is None
    assert ledger.lease_pull("mail", "two", seconds=60) is None
    assert ledger.lease_pull("jira", "two", seconds=60) is not None


def test_the_cursor_moves_and_is_handed_on(ledger: Ledger) -> None:
    first = ledger.lease_pull("mail", "one", seconds=60)
    assert first is not None
    with ledger.transaction() as tx:
        tx.move_cursor(first, "uid:7", as_of=NOW, now=NOW + MINUTE)
        tx.release_pull(first)
    second = ledger.lease_pull("mail", "two", seconds=60)
    assert second is not None
    assert (second.cursor, second.token) == ("uid:7", first.token + 1)


def test_a_zombies_cursor_is_refused(ledger: Ledger) -> None:
    zombie = ledger.lease_pull("mail", "one", seconds=60)
    expire(ledger)
    heir = ledger.lease_pull("mail", "two", seconds=60)
    assert zombie is not None
    assert heir is not None
    with pytest.raises(Fenced), ledger.transaction() as tx:
        tx.move_cursor(zombie, "uid:9", as_of=NOW, now=NOW)
    with pytest.raises(Fenced), ledger.transaction() as tx:
        tx.pull_failed(zombie, "timeout", now=NOW)
    with ledger.transaction() as tx:
        tx.release_pull(zombie)
    assert ledger.lease_pull("mail", "three", seconds=60) is None


def test_failures_are_counted_until_one_goes_well(ledger: Ledger) -> None:
    lease = ledger.lease_pull("mail", "one", seconds=60)
    assert lease is not None
    with ledger.transaction() as tx:
        tx.pull_failed(lease, "timeout", now=NOW)
        tx.pull_failed(lease, "refused", now=NOW + 1)
        assert tx.pulls() == [PullStatus("mail", None, None, NOW + 1, 2, "refused")]
        tx.move_cursor(lease, "c", as_of=NOW, now=NOW + 2)
        assert tx.pulls() == [PullStatus("mail", NOW, NOW + 2, NOW + 1, 0, None)]


# --- switches ------------------------------------------------------------------------------


def test_a_stop_is_seen_by_every_daemon_and_outlives_them(database: Database) -> None:
    with database.another() as one, database.another() as two:
        one.stop("a storm", "anna", NOW)
        assert two.stopped() == StopState("a storm", "anna", NOW)
    with database.another() as later:
        assert later.stopped() is not None


def test_the_first_stop_stands(ledger: Ledger) -> None:
    ledger.stop("a storm", "anna", NOW)
    assert ledger.stop("again", "bert", NOW + 1) == StopState("a storm", "anna", NOW)


def test_resuming_ends_it(ledger: Ledger) -> None:
    ledger.stop("a storm", "anna", NOW)
    assert ledger.resume("bert", NOW + 1)
    assert not ledger.resume("bert", NOW + 2)
    assert ledger.stopped() is None


def test_daemons_are_seen_by_their_beat(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.beat("n1", version="1.0", config="abc")
        tx.beat("n2", version="1.0", config="abc")
        tx.beat("n1", version="1.1", config="def")
        first, second = tx.nodes()
        assert (first.id, first.version, first.config) == ("n1", "1.1", "def")
        assert second.beat <= first.beat <= tx.machine_time()
        tx.forget_node("n1")
        assert [node.id for node in tx.nodes()] == ["n2"]


def test_secrets_are_kept_by_connection_and_only_named(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.vault_set("jira", "refresh", "one")
        tx.vault_set("jira", "refresh", "two")
        tx.vault_set("mail", "refresh", "three")
        assert tx.vault_get("jira", "refresh") == "two"
        assert tx.vault_keys("jira") == ["refresh"]
        assert tx.vault_delete("jira", "refresh")
        assert not tx.vault_delete("jira", "refresh")
        assert tx.vault_get("jira", "refresh") is None
        assert tx.vault_get("mail", "refresh") == "three"
