"""What people complain of in other systems, each by its thread; none of it happens here.

uptime-kuma#774 (a prober that lost its own link), gatus#1791 (a count of failures that a reload forgets)
and icinga2#5208 (a storm when what stands before others is back) are told with real servers in
tests/acceptance/test_watching.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from tests.core.dispatch.scene import Far, Site, page, withdraw
from tests.core.dispatch.test_interrupted import kill
from tests.core.dispatch.test_reaching import (
    Telling,
    TellingPhone,
    go,
    proofs,
    reaching,
    says,
    ways,
)
from upheld.calendar.instant import HOUR, parse
from upheld.directory.build import Written, build_directory
from upheld.directory.written import PersonEntry, RotationEntry
from upheld.dispatch.outcome import TRIES
from upheld.ledger import DeliveryState, Ledger
from upheld.plugin import Ability, Delivery, Retry, Unknown

BERLIN: Final = "Europe/Berlin"


@pytest.fixture
def told(site: Site) -> Site:
    """Far ends that tell what became of a sending."""
    site.pager = site.connect("pager", Telling)
    site.phone = site.connect("phone", TellingPhone)
    return site


def test_healthchecks_212_an_interrupted_send_is_no_silent_loss(site: Site) -> None:
    site.case(page())
    site.plan()
    kill(site, "pager", after=False)
    site.send("heir")
    assert [sent.key for sent in site.pager.sent] == ["p>ann"]


def test_uptime_kuma_6046_a_link_that_is_down_for_seconds_loses_no_page(site: Site) -> None:
    site.pager.fail_next(Retry("no route"), Retry("no route"))
    site.case(page())
    site.plan()
    for _ in range(3):
        site.send()
        site.later()
    assert [sent.key for sent in site.pager.sent] == ["p>ann"]


def test_alertmanager_4108_two_nodes_send_once_after_the_receiver_is_back(site: Site) -> None:
    site.pager.fail_next(Retry("503"))
    site.case(page())
    site.plan()
    site.send("one")
    site.later()
    assert [site.another(name).send() for name in ("one", "two")] == [1, 0]
    assert len(site.pager.sent) == 1


def test_oncall_1206_a_wait_goes_on_after_a_restart(told: Site) -> None:
    told.case(page())
    go(told)
    with Ledger.open(str(told.ledger.url), site="test") as again:
        restarted = replace(told.records, ledger=again)
        told.clock.forward(minutes=2)
        planner = replace(reaching(told).planner, records=restarted)
        assert replace(reaching(told), planner=planner).look() == 1
    assert ways(told) == [("ann", "page"), ("ann", "sms")]


def test_kombu_337_a_wait_of_hours_is_over_once_however_many_look(told: Site) -> None:
    told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    all_of_them = [reaching(told) for _ in range(3)]
    for _ in range(30):
        told.clock.forward(minutes=1)
        assert sum(each.look() for each in all_of_them) <= 1
    assert [sent.key for sent in told.deliveries("p")] == ["p>ann", "p>ann/pager.page#2"]


def test_keep_6531_what_a_crash_left_behind_blocks_nobody(site: Site) -> None:
    site.case(page())
    site.plan()
    kill(site, "pager", after=True)
    site.case(page("q"))
    site.plan()
    site.send("heir")
    assert {sent.key for sent in site.pager.sent} == {"p>ann", "q>ann"}


def test_healthchecks_664_no_storm_after_our_own_downtime(told: Site) -> None:
    """Three hours went by: one way follows, not all that would have followed meanwhile."""
    told.case(page())
    go(told)
    go(told, "operator", minutes=180)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]


def test_uptime_kuma_7338_a_busy_database_is_waited_for_and_nothing_is_lost(site: Site) -> None:
    case = site.case(page())
    with site.ledger.transaction() as tx:
        tx.enqueue("other", case, "notify", now=site.clock.now(), recipients=("bo",))
        # While somebody writes, others read: what a page needs is not held up by it.
        with site.ledger.reading() as reader:
            assert [item.key for item in reader.pending(9)] == ["p"]
    site.go()
    assert [sent.key for sent in site.pager.sent] == ["p>ann"]


def test_goalert_4548_a_step_with_nobody_on_call_does_not_wait(site: Site) -> None:
    site.case(page("p", "vacant"))
    site.go()
    assert site.told("p") == [("cy", "pager", "PCYM003")]
    assert site.logged("nobody_to_page")


def test_goalert_3378_acknowledged_and_forgotten_is_not_the_end(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    go(told, minutes=30)
    assert proofs(told, case) == [("acknowledged, and not worked since", "ann", "page")]


def test_oncall_3261_a_change_to_winter_time_moves_no_turn() -> None:
    turns = {"people": ["ann", "bo"], "daily": "09:00", "zone": BERLIN}
    ours = build_directory(
        Written(
            people={name: PersonEntry.model_validate({"name": name}) for name in ("ann", "bo")},
            rotations={"turns": RotationEntry.model_validate(turns)},
        )
    )
    summer, winter = parse("2026-10-24T07:00:00Z"), parse("2026-10-26T08:00:00Z")
    for nine in (summer, winter):  # nine o'clock in Berlin, before and after
        (before,), (after,) = (ours.resolve("turns", at=at) for at in (nine - 1, nine))
        assert before.id != after.id
    assert ours.resolve("turns", at=winter - HOUR) == ours.resolve("turns", at=winter - 1)


def test_twilio_ruby_519_a_lost_answer_makes_no_second_sms(told: Site) -> None:
    class Finding(Far):
        abilities = frozenset({Ability.FIND, Ability.RECEIPTS})

    told.pager.fail_next(*[Retry("down")] * 9)
    phone = told.connect("phone", Finding)
    told.case(page())
    go(told)
    phone.lose_reply()
    go(told, minutes=2)
    told.later()
    told.send("heir")
    assert [sent.key for sent in phone.sent] == ["p>ann/phone.sms"]


def test_pdpyras_115_429_is_tried_again_and_not_for_ever(site: Site) -> None:
    site.pager.fail_next(*[Retry("429")] * 99)
    site.case(page())
    site.plan()
    for _ in range(TRIES + 5):
        site.send()
        site.later()
    assert site.state("p") is DeliveryState.DEAD
    assert site.delivery("p").attempts == TRIES


def test_icinga2_7086_a_failover_loses_no_recovery(site: Site) -> None:
    case = site.case(page())
    site.go()
    site.decide(case, withdraw())
    site.plan()
    kill(site, "pager", after=False)
    site.send("heir")
    assert [thread for thread, _why in site.pager.withdrawn] == ["p>ann"]


def test_the_next_way_follows_though_an_unknown_is_still_looked_up(told: Site) -> None:
    """oncall#4515, healthchecks#923: no fallback by outcome. Nobody knows whether it went: the next."""
    told.pager.fail_next(*[Unknown("the line broke")] * 9)
    told.case(page())
    go(told)
    go(told, minutes=2)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
