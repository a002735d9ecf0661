"""A house over the ledgers of the desk's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.daemon.scene import House, house
from tests.core.desk.conftest import desk, desk_on_both, ledger, on_postgresql, on_sqlite
from tests.core.desk.scene import Desk

__all__ = ["desk", "desk_on_both", "home", "home_on_both", "ledger", "on_postgresql", "on_sqlite"]


@pytest.fixture
def home(desk: Desk, tmp_path: Path) -> Iterator[House]:
    found = house(desk, tmp_path)
    yield found
    found.daemon.close()


@pytest.fixture
def home_on_both(desk_on_both: Desk, tmp_path: Path) -> Iterator[House]:
    found = house(desk_on_both, tmp_path)
    yield found
    found.daemon.close()
