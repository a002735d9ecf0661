"""One message for several cases, killed at each commit and around each call: each case is told of.

Whatever dies, the same cases are told to the same person over the same ways as undisturbed. Twice they
come only where the far end can't tell a repeat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.core.dispatch.bundles import Handset, Keyed, gathering, go, paging, pass_seconds
from tests.core.dispatch.scene import Site
from tests.core.dispatch.test_reaching import says
from tests.crash.test_reaching import PARTS, empty, fresh, recovered
from upheld.dispatch.failover import Patience
from upheld.plugin import Delivery
from upheld.testing.faults import Crash, Faults, crash

__all__ = ["empty"]
Deed = Callable[[Site], object]
_OF: Final = 8  # every eighth moment is tried, from two beginnings
#: Two at once, one that waits for its minute, a Severity 1 that takes it along; the SMS fails, he is called.
STORY: Final[Sequence[Deed]] = (
    partial(paging, severity=1, key="n11"),
    partial(paging, severity=1, key="n12"),
    lambda site: go(site, patience=Patience()),
    lambda site: pass_seconds(site, 20, patience=Patience()),
    partial(paging, severity=2, key="n21"),
    lambda site: go(site, patience=Patience()),
    partial(paging, severity=1, key="n13"),
    lambda site: go(site, patience=Patience()),
    partial(says, key="n11>ann", state=Delivery.FAILED),
    lambda site: pass_seconds(site, 70, patience=Patience()),
)
_NEWS: Final = [each for each in STORY if isinstance(each, partial) and each.func is paging]


def played(site: Site, number: int | None) -> int:
    """The story, in which the daemon dies once, at this moment, and another goes on; how many moments
    there were."""
    faults, transaction = Faults(crash), site.ledger.transaction
    faults.watch_ledger(site.ledger)
    faults.watch_plugin("phone", site.lives["phone"].plugin)
    watched = site.ledger.transaction
    faults.arm(number)
    for deed in STORY:
        # Cases come in whatever the daemon does; a provider tells again until it is answered.
        vars(site.ledger)["transaction"] = transaction if deed in _NEWS else watched
        try:
            deed(site)
        except Crash:
            recovered(site, transaction)
            watched = transaction
            if isinstance(deed, partial):
                deed(site)
            go(site, patience=Patience())
    vars(site.ledger)["transaction"] = transaction
    moments = len(faults.passed)
    pass_seconds(site, 300, patience=Patience())
    return moments


def told(site: Site) -> Counter[tuple[str, str]]:
    """How often each case was told of, over which way."""
    return Counter(
        (number, str(sent.to.channel))
        for sent in site.phone.sent
        for number in set(re.findall(r"n\d\d", f"{sent.message.subject} {sent.message.text}"))
    )


def lived(
    folder: Path, empty: bytes, phone: type[Any], number: int | None
) -> tuple[Counter[tuple[str, str]], int]:
    """What was told, and how many moments there were."""
    site = gathering(fresh(folder, empty), phone)
    moments = played(site, number)
    site.ledger.close()
    return told(site), moments


@pytest.mark.parametrize("phone", [Handset, Keyed])
@pytest.mark.parametrize("part", PARTS)
def test_killed_at_each_moment_the_same_cases_are_told(
    tmp_path: Path, empty: bytes, part: int, phone: type[Any]
) -> None:
    wanted, moments = lived(tmp_path / "undisturbed", empty, phone, None)
    assert {case for case, _way in wanted} == {"n11", "n12", "n13", "n21"}
    assert moments > 30
    for number in range(1 + part, moments + 1, _OF):
        found, _ = lived(tmp_path / str(number), empty, phone, number)
        assert found.keys() == wanted.keys(), f"killed at {number}"
        assert phone is Handset or found == wanted, "a repeat with the same key does nothing"
