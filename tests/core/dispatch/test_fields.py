"""What changed with us is written to the case's item: as it is now, once, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from tests.core.dispatch.scene import LIVE, OPENED, Site
from upheld.case.decision import CreateItem
from upheld.case.events import Body, PageAcknowledged, Queued, SeveritySet, Triaged, Worked
from upheld.dispatch.fields import released
from upheld.dispatch.routes import SafetyCatch
from upheld.ledger import Delivery, DeliveryState, Link
from upheld.plugin import (
    Actor,
    FieldSpec,
    Permanent,
    Ref,
    RemoteCase,
    Schema,
    Side,
    Stale,
    Unknown,
    Value,
)
from upheld.testing.tracker import ScriptedTracker

PEOPLE = Actor("cy", side=Side.STAFF)


class Strict(ScriptedTracker):
    """It refuses what its ``refuses`` names, and keeps titles short."""

    refuses: ClassVar[set[str]] = set()

    def schema(self) -> Schema:
        known = super().schema()
        due = FieldSpec("due", "Due", writable=False)
        return replace(known, fields=(*known.fields, due))

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        wrong = self.refuses & fields.keys()
        if wrong:
            raise Permanent(f"{wrong} can't be so", "ask its administrator")
        short = {n: v.strip() if isinstance(v, str) else v for n, v in fields.items()}
        return super().update(ref, short, seen)


@pytest.fixture(autouse=True)
def obliging() -> None:
    Strict.refuses = set()


def linked(site: Site) -> str:
    """A case with an item on the tracker that is as the case is; nothing is left to do."""
    site.tracker = site.connect("jira", Strict)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), body=PageAcknowledged())
    cycle(site)
    assert cycle(site) == 0
    site.tracker.writes = 0
    return case


def cycle(site: Site, catch: SafetyCatch = LIVE) -> int:
    """As the daemon's dispatch: look, plan, send, until nothing is left; how much was written there."""
    before = site.tracker.writes
    for _ in range(20):
        site.later()
        if site.look() + site.plan(catch) + site.send() == 0:
            return int(site.tracker.writes - before)
    raise AssertionError("it does not come to rest")


def happens(site: Site, case: str, *bodies: Body) -> int:
    for body in bodies:
        site.fact(case, body)
    return cycle(site)


def item(site: Site) -> RemoteCase:
    (found,) = site.tracker.items.values()
    assert isinstance(found, RemoteCase)
    return found


def link(site: Site, case: str = "C1") -> Link:
    with site.ledger.reading() as tx:
        found = tx.link_of(case, "jira")
    assert found is not None
    return found


def sent(site: Site) -> list[Delivery]:
    return [each for each in site.deliveries() if each.purpose == "fields"]


def test_a_change_of_ours_is_written_once_and_then_all_is_quiet(either: Site) -> None:
    case = linked(either)
    assert happens(either, case, Triaged(1)) == 1
    assert item(either).fields["severity"] == 1
    assert link(either).agreed["severity"] == (1, 1)
    assert link(either).version == item(either).version
    assert cycle(either) == 0


def test_what_moves_often_meanwhile_is_written_as_it_is_now(site: Site) -> None:
    case = linked(site)
    assert happens(site, case, Triaged(1), SeveritySet(2), Queued("net"), Worked()) == 1
    fields = item(site).fields
    assert (fields["severity"], fields["queue"], fields["status"]) == (2, "net", "in progress")


def test_only_what_changed_is_written(site: Site) -> None:
    case = linked(site)
    happens(site, case, Triaged(1))
    before = len(item(site).history or ())
    happens(site, case, Queued("net"))
    assert [each.field for each in (item(site).history or ())[before:]] == ["queue"]


def test_without_a_change_of_a_field_there_is_no_delivery(site: Site) -> None:
    case = linked(site)
    before = len(sent(site))
    site.fact(case, PageAcknowledged())
    assert (cycle(site), len(sent(site))) == (0, before)


def test_somebody_wrote_in_between_so_it_is_read_first(either: Site) -> None:
    case = linked(either)
    either.tracker.edit(item(either).ref, PEOPLE, queue="theirs")
    happens(either, case, Triaged(1))
    assert (item(either).fields["severity"], item(either).fields["queue"]) == (1, "theirs")
    assert cycle(either) == 0


def test_an_item_that_never_holds_still_becomes_a_dead_letter(site: Site) -> None:
    case = linked(site)
    site.fact(case, Triaged(1))
    site.look()
    site.plan()
    for _ in range(40):
        site.tracker.fail_next(Stale("somebody was faster"))
        site.later()
        site.send()
    assert sent(site)[-1].state is DeliveryState.DEAD


def test_a_lost_answer_writes_nothing_twice(either: Site) -> None:
    case = linked(either)
    either.tracker.lose_reply()
    assert happens(either, case, Triaged(1)) == 1
    assert item(either).fields["severity"] == 1
    assert sent(either)[-1].state is DeliveryState.ACCEPTED


def test_one_that_never_arrived_is_written_again(site: Site) -> None:
    case = linked(site)
    site.tracker.fail_next(Unknown("cut off", "look it up"))
    assert happens(site, case, Triaged(1)) == 1
    assert item(site).fields["severity"] == 1


def test_what_the_tracker_makes_of_it_is_not_fought_over(site: Site) -> None:
    case = linked(site)
    assert happens(site, case, Queued(" net ")) == 1
    assert item(site).fields["queue"] == "net"
    assert link(site).agreed["queue"] == (" net ", "net")


def test_a_field_that_is_refused_keeps_no_other_back(either: Site) -> None:
    case = linked(either)
    Strict.refuses = {"status"}
    happens(either, case, Triaged(1), Worked())
    assert (item(either).fields["severity"], item(either).fields["status"]) == (1, "open")
    dead = sent(either)[-1]
    assert dead.state is DeliveryState.DEAD
    assert "status" in (dead.detail or "")
    happens(either, case, Queued("net"))
    assert item(either).fields["queue"] == "net"
    assert [each.state for each in sent(either)].count(DeliveryState.DEAD) == 1


def test_what_was_refused_is_tried_again_where_a_person_says_so(site: Site) -> None:
    case = linked(site)
    Strict.refuses = {"status"}
    happens(site, case, Worked())
    Strict.refuses = set()
    assert cycle(site) == 0
    dead = sent(site)[-1].key
    site.ledger.retrying(lambda tx: tx.replay(dead))
    assert cycle(site) == 1
    assert item(site).fields["status"] == "in progress"
    assert link(site).refused == {}


def test_the_history_tells_what_was_not_written(site: Site) -> None:
    case = linked(site)
    Strict.refuses = {"status"}
    happens(site, case, Worked())
    assert [(proof.state, proof.purpose) for proof in site.proofs(case)] == [("failed", "fields")]


def test_what_waits_for_a_decision_is_written_by_nobody(site: Site) -> None:
    case = linked(site)
    hold = {"base": "1", "ours": "2", "theirs": "3", "rule": "hold", "winner": None}
    with site.ledger.transaction() as tx:
        tx.journal(case, "jira", "severity", **hold, now=site.clock.now())  # type: ignore[arg-type]
    assert happens(site, case, Triaged(1)) == 0
    assert happens(site, case, Queued("net")) == 1
    assert item(site).fields["severity"] != 1


def test_in_shadow_nothing_is_written_and_afterwards_what_is_true_by_then(either: Site) -> None:
    case = linked(either)
    for body in (Triaged(1), SeveritySet(2), Queued("net")):
        either.fact(case, body)
        assert cycle(either, SafetyCatch()) == 0
    assert len(sent(either)) == 0
    assert either.ledger.retrying(lambda tx: released(tx, SafetyCatch())) == 0
    assert either.ledger.retrying(lambda tx: released(tx, LIVE)) == 1
    assert cycle(either) == 1
    assert (item(either).fields["severity"], item(either).fields["queue"]) == (2, "net")


def test_a_case_that_is_linked_no_more_is_written_nowhere(site: Site) -> None:
    case = linked(site)
    site.fact(case, Triaged(1))
    site.look()
    site.plan()
    site.ledger.retrying(lambda tx: tx.unlink(case, "jira", reason="mistake", now=1))
    assert cycle(site) == 0
    assert sent(site)[-1].detail == "nothing to write any more"


def test_an_item_is_created_with_what_the_case_has(site: Site) -> None:
    site.tracker = site.connect("jira", Strict)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), body=Triaged(2))
    site.go()
    fields, version = item(site).fields, item(site).version
    assert (fields["severity"], fields["title"]) == (2, "Nobody can connect")
    assert "due" not in fields, "what can't be written is in no draft"
    assert link(site).agreed["severity"] == (2, 2)
    assert (link(site).version, link(site).scope) == (version, item(site).ref.scope)
    assert cycle(site) == 0


def test_what_happened_while_it_was_created_is_written_after(site: Site) -> None:
    site.tracker = site.connect("jira", Strict)
    case = site.case(opened=replace(OPENED, create_on="jira"))
    site.decide(case, CreateItem(f"{case}/item", "jira"), body=Worked())
    cycle(site)
    assert item(site).fields["status"] == "in progress"


def test_one_tracker_that_is_down_keeps_no_other_back(either: Site) -> None:
    case = linked(either)
    other = either.connect("remedy", ScriptedTracker)
    there = other.open(PEOPLE, "The same", title="Nobody can connect")
    with either.ledger.transaction() as tx:
        tx.link(case, "remedy", remote_id=there.ref.id, key=there.ref.key)
        tx.synced(case, 0)
    cycle(either)
    either.tracker.down = Unknown("no answer", "look it up")
    either.fact(case, Triaged(1))
    for _ in range(3):
        either.later()
        either.look()
        either.plan()
        either.send()
    assert other.items[there.ref.id].fields["severity"] == 1
    either.tracker.down = None
    cycle(either)
    assert item(either).fields["severity"] == 1


def test_an_item_that_is_gone_closes_nothing_and_is_told(either: Site) -> None:
    case = linked(either)
    either.fact(case, Triaged(1))
    either.look()
    either.plan()
    either.tracker.items.clear()
    either.send()
    assert (sent(either)[-1].state, link(either).is_gone) == (DeliveryState.PENDING, False)
    either.clock.forward(minutes=1)
    either.later()
    either.send()
    assert (sent(either)[-1].state, link(either).is_gone) == (DeliveryState.DEAD, True)
    either.fact(case, SeveritySet(2))
    assert (cycle(either), len(sent(either))) == (0, 1)
