"""A page that goes on until somebody is reached, killed at each commit and around each call.

Whatever dies, and whatever comes back late, doubled or turned around: the same people are reached over
the same ways as undisturbed. Twice it comes only where the far end can't tell a repeat.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

import pytest
from sqlalchemy import event

from tests.core.dispatch.conftest import _without_disk
from tests.core.dispatch.scene import Far, Phone, Site, page, withdraw
from tests.core.dispatch.test_reaching import go, says
from upheld.ledger import Ledger
from upheld.plugin import Ability, Delivery, Retry
from upheld.testing.faults import Crash, Faults, crash

FAILED, DELIVERED = Delivery.FAILED, Delivery.DELIVERED
SMS_KEY, VOICE_KEY = "p>ann/phone.sms", "p>ann/phone.voice"


class Pager(Far):
    """A repeat with the same key has no second effect; it tells what became of a page."""

    abilities: ClassVar[frozenset[Ability]] = Far.abilities | {Ability.RECEIPTS}


class Handset(Phone):
    """It has no key for repeats."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIPTS})


Deed = Callable[[Site], object]
#: Every eighth moment is tried, from two beginnings; all of them where UPHELD_EACH_MOMENT is set.
_OF: Final = 8
PARTS: Final = range(_OF) if os.environ.get("UPHELD_EACH_MOMENT") else (0, 3)


def _says(key: str, state: Delivery, site: Site) -> None:
    says(site, key, state)


#: The pager reaches nobody, the SMS fails, the call is not answered, the operator acknowledges.
STORY: Final[Sequence[Deed]] = (
    lambda site: go(site, "operator"),
    lambda site: go(site, "operator", minutes=2),
    partial(_says, SMS_KEY, FAILED),
    lambda site: go(site, "operator"),
    partial(_says, VOICE_KEY, FAILED),
    lambda site: go(site, "operator"),
    partial(_says, "p>cy/pager.page", Delivery.ACKNOWLEDGED),
    lambda site: go(site, "operator", minutes=9),
    lambda site: site.decide("C1", withdraw()),
    lambda site: go(site, "operator"),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty ledger, as it lies on the disk."""
    file = tmp_path_factory.mktemp("crash") / "ledger.db"
    Ledger.create(f"sqlite:///{file}")
    return file.read_bytes()


def fresh(folder: Path, empty: bytes) -> Site:
    """A site on an empty ledger of its own."""
    folder.mkdir()
    file = folder / "ledger.db"
    file.write_bytes(empty)
    ledger = Ledger.open(f"sqlite:///{file}", site="test")
    event.listen(ledger._engine, "connect", _without_disk)
    ledger._engine.dispose()
    return Site(ledger, folder)


def staged(folder: Path, empty: bytes) -> tuple[Site, Ledger]:
    site = fresh(folder, empty)
    site.pager, site.phone = site.connect("pager", Pager), site.connect("phone", Handset)
    site.case(page())
    return site, site.ledger


def played(site: Site, number: int | None, story: Sequence[Deed] = STORY) -> Faults:
    """The story, in which the daemon dies once, at this moment, and another goes on."""
    faults = Faults(crash)
    transaction = site.ledger.transaction
    faults.watch_ledger(site.ledger)
    for name in ("pager", "phone"):
        faults.watch_plugin(name, site.lives[name].plugin)
    faults.arm(number)
    for deed in story:
        try:
            deed(site)
        except Crash:
            recovered(site, transaction)
            if deed in _TOLD:  # a provider tells again until it is answered
                deed(site)
            go(site, "operator")
    return faults


_TOLD: Final = tuple(deed for deed in STORY if isinstance(deed, partial))


def recovered(site: Site, transaction: object) -> None:
    """The leases of the dead run out; nobody watches the heir."""
    vars(site.ledger)["transaction"] = transaction
    for name in ("pager", "phone"):
        plugin = site.lives[name].plugin
        for call in [each for each in vars(plugin) if each in {"send", "withdraw", "find", "pull"}]:
            delattr(plugin, call)
    site.expire()
    site.later()


def reached(site: Site) -> Counter[tuple[str, str]]:
    """Who was reached over what, how often."""
    sent = [(sent.key.partition("#")[0], "pager") for sent in site.pager.sent]
    sent += [(sent.key.partition("#")[0], "phone") for sent in site.phone.sent]
    return Counter(sent)


def undisturbed(folder: Path, empty: bytes) -> tuple[Counter[tuple[str, str]], int]:
    site, ledger = staged(folder, empty)
    faults = played(site, None)
    ledger.close()
    return reached(site), len(faults.passed)


@pytest.mark.parametrize("part", PARTS)
def test_killed_at_each_moment_the_same_people_are_reached(
    tmp_path: Path, empty: bytes, part: int
) -> None:
    wanted, moments = undisturbed(tmp_path / "undisturbed", empty)
    assert {key for key, _ in wanted} >= {"p>ann", SMS_KEY, VOICE_KEY, "p>cy/pager.page"}
    assert moments > 40
    for number in range(1 + part, moments + 1, _OF):
        site, ledger = staged(tmp_path / str(number), empty)
        played(site, number)
        found = reached(site)
        ledger.close()
        assert found.keys() == wanted.keys(), f"killed at {number}"
        again = {where for (_key, where), _ in (found - wanted).items()}
        assert again <= {"phone"}, "the pager tells a repeat by its key"


@pytest.mark.parametrize("order", ["doubled", "reversed"])
def test_callbacks_that_come_twice_or_turned_around_change_nobody(
    tmp_path: Path, empty: bytes, order: str
) -> None:
    wanted, _ = undisturbed(tmp_path / "undisturbed", empty)
    site, ledger = staged(tmp_path / "site", empty)
    for deed in STORY:
        deed(site)
        if deed in _TOLD:
            key = deed.args[0]
            if order == "doubled":
                deed(site)
            says(site, key, Delivery.ACCEPTED)
    assert reached(site) == wanted
    ledger.close()


def test_a_far_end_that_is_busy_changes_nobody(tmp_path: Path, empty: bytes) -> None:
    wanted, _ = undisturbed(tmp_path / "undisturbed", empty)
    site, ledger = staged(tmp_path / "site", empty)
    for deed in STORY:
        if deed not in _TOLD:
            site.pager.fail_next(Retry("429"))
            site.phone.fail_next(Retry("429"))
        deed(site)
        site.later()
        go(site, "operator")
        site.pager._faults.clear()
        site.phone._faults.clear()
    assert reached(site).keys() == wanted.keys()
    ledger.close()


def test_lost_answers_change_nobody(tmp_path: Path, empty: bytes) -> None:
    wanted, _ = undisturbed(tmp_path / "undisturbed", empty)
    site, ledger = staged(tmp_path / "site", empty)
    for deed in STORY:
        site.pager.lose_reply()
        deed(site)
        site.later()
        go(site, "operator")
    assert reached(site).keys() == wanted.keys()
    ledger.close()
