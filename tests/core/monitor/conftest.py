"""A site that watches, over the ledgers of the desk's tests."""

from __future__ import annotations

import pytest

from tests.core.desk.conftest import desk_on_both, ledger, on_postgresql, on_sqlite
from tests.core.desk.scene import Desk
from tests.core.monitor.scene import Watch
from upheld.ledger import Ledger

__all__ = ["desk_on_both", "ledger", "on_postgresql", "on_sqlite", "watch", "watch_on_both"]


@pytest.fixture
def watch(ledger: Ledger) -> Watch:
    return Watch(ledger)


@pytest.fixture
def watch_on_both(desk_on_both: Desk) -> Watch:
    return Watch(desk_on_both.ledger)
