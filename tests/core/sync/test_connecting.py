"""A case and an item are made one, or parted; a person decides what both sides wanted otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.dispatch.conftest import either, postgresql_ledger, sqlite_ledger
from tests.core.dispatch.scene import OPENED, STAFF, Site
from tests.core.dispatch.test_fields import PEOPLE, cycle
from upheld.case.events import Noted, Queued, SeveritySet, Triaged
from upheld.desk.intake import Source
from upheld.errors import NotFound, Refusal
from upheld.ledger import Link
from upheld.plugin import Comment, RemoteCase, Visibility
from upheld.sync.connecting import connect, decide, part
from upheld.sync.plan import Plan
from upheld.sync.pusher import Pusher

__all__ = ["either", "postgresql_ledger", "sqlite_ledger"]
JIRA = Source("jira", "scripted-tracker")


def there(site: Site, **fields: object) -> RemoteCase:
    found = site.tracker.open(PEOPLE, "x", title="Nobody can connect", **fields)
    assert isinstance(found, RemoteCase)
    return found


def connected(site: Site, case: str, item: RemoteCase) -> Link:
    intake = site.fields().intake
    return site.ledger.retrying(lambda tx: connect(tx, intake, JIRA, case, item, STAFF))


def parted(site: Site, case: str) -> None:
    intake = site.fields().intake
    site.ledger.retrying(lambda tx: part(tx, intake, case, "jira", "a mistake", STAFF))


def case(site: Site) -> str:
    return site.case(opened=replace(OPENED, enforced_from=site.clock.now()))


def comments(site: Site, item: RemoteCase) -> list[str]:
    return [each.text for each in site.tracker.items[item.ref.id].comments or ()]


def test_two_that_exist_are_made_one_and_nothing_is_doubled(either: Site) -> None:
    name, item = case(either), there(either, severity=1)
    either.fact(name, Noted("said before"))
    assert connected(either, name, item).key == item.ref.key
    cycle(either)
    assert comments(either, item) == []
    assert len(either.tracker.items) == 1
    either.fact(name, Noted("said after"))
    cycle(either)
    assert [text.rpartition("\n")[2] for text in comments(either, item)] == ["said after"]
    assert cycle(either) == 0


def test_what_was_said_there_before_is_mailed_to_nobody(either: Site) -> None:
    name, item = case(either), there(either)
    staff = replace(PEOPLE, id="bo")
    said = Comment("", "Restart it.", Visibility.PUBLIC, staff, either.clock.as_datetime())
    either.tracker.say(item.ref, said)
    either.clock.forward(hours=1)
    connected(either, name, either.tracker.items[item.ref.id])
    cycle(either)
    assert either.mail.sent == []


def test_an_item_is_one_case_alone(either: Site) -> None:
    item, first, second = there(either), case(either), case(either)
    connected(either, first, item)
    with pytest.raises(Refusal, match=f"{first} is already linked"):
        connected(either, second, item)


def test_connecting_twice_changes_nothing(either: Site) -> None:
    name, item = case(either), there(either)
    before = connected(either, name, item)
    assert connected(either, name, item) == before


def test_what_is_parted_stays_on_both_sides_and_opens_no_case(either: Site) -> None:
    name, item = case(either), there(either)
    connected(either, name, item)
    parted(either, name)
    either.fact(name, Triaged(1))
    assert cycle(either) == 0
    intake = either.fields().intake
    with either.ledger.transaction() as tx:
        assert not intake.take(tx, JIRA, either.tracker.items[item.ref.id])
        assert len(tx.cases()) == 1
    connected(either, name, item)


def test_who_has_no_item_there_can_not_be_parted(either: Site) -> None:
    with pytest.raises(NotFound, match="has no item on jira"):
        parted(either, case(either))


@pytest.mark.parametrize(("take", "queue"), [("ours", "net"), ("theirs", "web")])
def test_a_person_decides_whose_value_stands(either: Site, take: str, queue: str) -> None:
    name, item = case(either), there(either, queue="all")
    connected(either, name, item)
    cycle(either)
    either.fact(name, Queued("net"))
    with either.ledger.transaction() as tx:
        tx.agree(name, "jira", {"queue": ("all", "all")}, item.version)
        held = {"base": '"all"', "ours": '"net"', "theirs": '"web"', "rule": "hold", "winner": None}
        tx.journal(name, "jira", "queue", **held, now=1)  # type: ignore[arg-type]
        (open_one,) = tx.conflicts()
    either.tracker.edit(item.ref, PEOPLE, queue="web")
    assert cycle(either) == 0
    now = either.clock.now()
    either.ledger.retrying(lambda tx: decide(tx, open_one.number, take, STAFF, now))
    with either.ledger.reading() as tx:
        link = tx.link_of(name, "jira")
        assert link is not None
        assert link.agreed["queue"] == (("all", "web") if take == "ours" else ("net", "all"))
        assert [hint.remote_id for hint in tx.hints("jira", limit=9)] == [item.ref.id]
    intake, read = either.fields().intake, either.tracker.items[item.ref.id]
    either.ledger.retrying(lambda tx: intake.take(tx, JIRA, read))
    cycle(either)
    assert either.tracker.items[item.ref.id].fields["queue"] == queue
    with either.ledger.reading() as tx:
        assert tx.case(name).queue == queue
    with pytest.raises(Refusal, match="was decided"):
        either.ledger.retrying(lambda tx: decide(tx, open_one.number, take, STAFF, now))


def test_the_plan_tells_what_would_be_written_and_writes_nothing(either: Site) -> None:
    name, item = case(either), there(either)
    connected(either, name, item)
    cycle(either)
    either.fact(name, SeveritySet(1))
    either.fact(name, Noted("Their router is old."))
    before = either.tracker.writes
    pusher = Pusher(either.records, either.trackers, either.log)
    with either.ledger.reading() as tx:
        found = list(Plan(pusher, tx).writes())
    assert [(each.what, each.name, each.after) for each in found] == [
        ("field", "severity", 1),
        ("comment", "", "Their router is old."),
    ]
    assert either.tracker.writes == before
