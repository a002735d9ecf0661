"""After a restore: what may have gone out in the life that was lost is not simply sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.core.dispatch.scene import NOW, Far, Forgetful, Phone, Site, mail, page
from upheld.calendar.instant import HOUR, MINUTE, Instant, moment
from upheld.case.decision import CreateItem, Send
from upheld.dispatch.doubt import LOOK_UPS, Doubt, doubt
from upheld.ledger import DeliveryState
from upheld.plugin import Ability, Address, Retry

ACCEPTED, DEAD, PENDING = DeliveryState.ACCEPTED, DeliveryState.DEAD, DeliveryState.PENDING


class Idempotent(Far):
    abilities = Far.abilities - {Ability.FIND}


class Asked(Far):
    """It keeps since when it was asked to look."""

    def find(self, key: str, to: Address, since: datetime) -> Any:
        self.since = [*getattr(self, "since", []), since]
        return super().find(key, to, since)


@pytest.fixture
def restored(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A ledger that was restored an hour after noon, when everything here is due."""
    site.clock.forward(hours=1)
    with site.ledger.transaction() as tx:
        tx.begin_epoch(2, NOW + HOUR)
    monkeypatch.setattr(site.ledger, "site", replace(site.ledger.site, epoch=2))
    return site


def due(action: Send, at: Instant) -> Send:
    return replace(action, due=at)


def lost_life(site: Site, connection: str, *keys: str) -> None:
    """What the far end got before, of which the ledger knows nothing."""
    far: Any = site.lives[connection].plugin
    site.case(mail("other") if connection == "mail" else page("other"))
    site.go()
    (sent,) = far.sent
    far.sent[:] = [replace(sent, key=key) for key in keys]


def doubts(site: Site) -> Doubt:
    with site.ledger.reading() as tx:
        return doubt(tx, {name: live.abilities for name, live in site.lives.items()})


def test_what_had_gone_out_is_found_and_not_sent_again(restored: Site) -> None:
    lost_life(restored, "mail", "m>acme/pat@acme.example")
    restored.case(mail("m"))
    restored.go()
    assert restored.state("m") is ACCEPTED
    assert [sent.key for sent in restored.mail.sent] == ["m>acme/pat@acme.example"]


def test_what_had_not_gone_out_goes_out(restored: Site) -> None:
    restored.case(mail())
    restored.go()
    assert (restored.state("m"), restored.mail.lookups) == (ACCEPTED, 1)
    assert len(restored.mail.sent) == 1


def test_an_item_is_looked_up_before_it_is_created(restored: Site) -> None:
    case = restored.case(CreateItem("c", "jira"))
    restored.go()
    assert len(restored.tracker.items) == 1
    assert len(restored.links_of(case)) == 1


@pytest.mark.parametrize(("after", "lookups"), [(0, 1), (1, 0)])
def test_what_becomes_due_after_the_restore_is_in_no_doubt(
    restored: Site, after: Instant, lookups: int
) -> None:
    restored.case(due(mail(), NOW + HOUR + after))
    restored.go()
    assert (len(restored.mail.sent), restored.mail.lookups) == (1, lookups)


def test_a_ledger_that_was_never_restored_looks_nothing_up(site: Site) -> None:
    site.clock.forward(hours=1)
    site.case(mail())
    site.go()
    assert (len(site.mail.sent), site.mail.lookups) == (1, 0)


def test_where_a_repeat_is_harmless_it_is_repeated(restored: Site) -> None:
    far = restored.connect("mail", Idempotent)
    restored.case(mail())
    restored.go()
    assert (restored.state("m"), len(far.sent)) == (ACCEPTED, 1)


def test_what_nobody_can_tell_is_left_to_a_person_and_goes_out_by_their_word(
    restored: Site,
) -> None:
    far = restored.connect("mail", Phone)
    restored.case(mail())
    restored.go()
    assert (restored.state("m"), far.sent) == (DEAD, [])
    with restored.ledger.transaction() as tx:
        tx.replay(restored.delivery("m").key)
    restored.send()
    assert (restored.state("m"), len(far.sent)) == (ACCEPTED, 1)


def test_a_page_rings_rather_twice_than_never(restored: Site) -> None:
    far = restored.connect("pager", Phone)
    restored.case(page())
    restored.go()
    assert (restored.state("p"), len(far.sent)) == (ACCEPTED, 1)


def test_what_is_not_found_for_certain_is_looked_for_again(restored: Site) -> None:
    far = restored.connect("mail", Forgetful)
    restored.case(mail())
    restored.plan()
    for _ in range(LOOK_UPS):
        restored.send()
        restored.later()
    assert (far.lookups, far.sent, restored.state("m")) == (LOOK_UPS, [], DEAD)


def test_once_it_was_tried_it_is_like_any_other(restored: Site) -> None:
    """Not there, and the far end is busy just now: it surely has not gone out."""
    restored.case(mail())
    restored.plan()
    far = restored.mail
    far.during.append(lambda: far.fail_next(Retry("busy")))
    restored.send()
    restored.later()
    restored.send()
    assert (restored.state("m"), len(far.sent)) == (ACCEPTED, 1)


def test_it_is_looked_for_since_it_was_due_not_since_it_was_decided_anew(restored: Site) -> None:
    """A mailbox is read from there on: what went out yesterday is not found among today's."""
    far = restored.connect("mail", Asked)
    restored.case(due(mail(), NOW - 20 * HOUR))
    restored.go()
    assert far.since == [moment(NOW - 21 * HOUR)]


def test_what_had_gone_out_takes_nothing_with_it_that_had_not(restored: Site) -> None:
    """Decided anew they come together; in the life that was lost the second never came about."""
    lost_life(restored, "pager", "p1>ann")
    restored.case(page("p1"), due(page("p2"), NOW + MINUTE))
    restored.go()
    restored.send()
    assert [sent.key for sent in restored.pager.sent] == ["p1>ann", "p2>ann"]


def test_what_had_gone_out_as_one_message_is_found_as_one(restored: Site) -> None:
    lost_life(restored, "pager", "p1>ann")
    restored.case(page("p1"), page("p2"))
    restored.go()
    assert [sent.key for sent in restored.pager.sent] == ["p1>ann"]


def test_all_that_is_in_doubt_is_told_by_what_becomes_of_it(restored: Site) -> None:
    restored.connect("pager", Idempotent)
    restored.connect("mail", Forgetful)
    restored.case(page("p"), mail("m"), due(mail("later"), NOW + 2 * HOUR))
    assert doubts(restored) == Doubt(unplanned=2)
    restored.plan()
    assert doubts(restored) == Doubt(looked_up=1, repeated=1)
    restored.connect("mail", Phone)
    assert doubts(restored) == Doubt(repeated=1, asked=1)
