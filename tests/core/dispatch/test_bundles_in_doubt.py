"""Nobody knows whether a message that told of several cases went out: no case is believed told for the
message of another, and what is repeated is repeated once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

import pytest

from tests.core.dispatch.bundles import gathering, go, paging, told
from tests.core.dispatch.scene import Phone, Site
from upheld.calendar.instant import SECOND
from upheld.dispatch.letters import Letters
from upheld.ledger import DeliveryState, LeasedDelivery
from upheld.plugin import Ability, Address, Lookup, Permanent, Retry, Unknown

ACCEPTED, UNKNOWN = DeliveryState.ACCEPTED, DeliveryState.UNKNOWN
HUNG: Final = Unknown("it hangs")


class Finding(Phone):
    """What it sent is found by its key, for certain; a repeat rings again."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND})

    def find(self, key: str, to: Address, since: datetime) -> Any:
        self.asked = [*getattr(self, "asked", []), key]
        there = [sent.key for sent in self.sent if sent.key.partition("#")[0] == key]
        return super().find(there[0], to, since) if there else Lookup(None, conclusive=True)


@pytest.fixture
def phones(either: Site) -> Site:
    return gathering(either, Finding)


def hung(site: Site, *, tried: str = "") -> tuple[str, str]:
    """Two pages in a message that hung and never went out; ``tried`` one was twice before."""
    cases = paging(site, 1, "p"), paging(site, 1, "q")
    site.phone.fail_next(Retry("429"), HUNG)
    go(site)
    site._tamper(f"UPDATE delivery SET attempts = 2 WHERE outbox_key = '{tried}'")
    site.later()
    go(site)
    assert [site.state(key) for key in "pq"] == [UNKNOWN, UNKNOWN]
    assert {each.carrier for each in site.deliveries()} == {"p>ann"}
    return cases


def pass_machine_seconds(site: Site, seconds: int) -> None:
    site._tamper(f"UPDATE delivery SET not_before = not_before - {seconds * SECOND}")
    go(site)


def rung(site: Site) -> list[str]:
    return [sent.key.partition("#")[0] for sent in site.phone.sent]


@pytest.mark.parametrize("tried", ["p", "q"])
def test_however_often_each_was_tried_they_are_repeated_together(phones: Site, tried: str) -> None:
    """The one that carries them is due first, or the other is."""
    hung(phones, tried=tried)
    for _ in range(8):
        pass_machine_seconds(phones, 5)
    assert rung(phones) == ["p>ann"]
    assert [found for _at, found in told(phones)] == [["p", "q"]]
    assert [phones.state(key) for key in "pq"] == [ACCEPTED, ACCEPTED]


@pytest.mark.parametrize("tried", ["p", "q"])
def test_all_are_tried_again_as_soon_as_the_one_that_was_tried_least(
    phones: Site, tried: str
) -> None:
    hung(phones, tried=tried)
    assert [phones.waits(key) for key in "pq"] == [10, 10]


def test_what_went_alone_since_is_no_proof_for_what_it_carried_before(phones: Site) -> None:
    first, second = hung(phones)
    phones._tamper("UPDATE delivery SET not_before = 1 WHERE outbox_key = 'p'")
    go(phones)
    assert [len(phones.proofs(case)) for case in (first, second)] == [1, 0]
    assert phones.state("q") is UNKNOWN
    phones.later()
    go(phones)
    assert rung(phones) == ["p>ann", "q>ann"], "of the second nobody had been told"
    assert [len(phones.proofs(case)) for case in (first, second)] == [1, 1]


def test_what_is_sent_apart_is_not_looked_up_under_the_key_of_another(
    phones: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message was looked up already; together they can't be written any more."""
    hung(phones)
    written = Letters.written

    def alone(self: Letters, tx: Any, leased: LeasedDelivery, others: Any = ()) -> Any:
        if others:
            raise Permanent("it was erased")
        return written(self, tx, leased, others)

    monkeypatch.setattr(Letters, "written", alone)
    phones.later()
    go(phones)
    assert rung(phones) == ["p>ann", "q>ann"]
    assert phones.phone.asked[-2:] == ["p>ann", "q>ann"]
    assert [phones.state(key) for key in "pq"] == [ACCEPTED, ACCEPTED]
