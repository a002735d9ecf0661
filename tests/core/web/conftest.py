"""An entry over the ledgers of the desk's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.desk.conftest import desk, desk_on_both, ledger, on_postgresql, on_sqlite
from tests.core.desk.scene import Desk
from tests.core.web.scene import Entry
from tests.core.web.scene import entry as made

__all__ = ["desk", "desk_on_both", "entry", "entry_on_both", "ledger", "on_postgresql", "on_sqlite"]


@pytest.fixture
def entry(desk: Desk, tmp_path: Path) -> Iterator[Entry]:
    found = made(desk, tmp_path)
    yield found
    found.daemon.close()


@pytest.fixture
def entry_on_both(desk_on_both: Desk, tmp_path: Path) -> Iterator[Entry]:
    found = made(desk_on_both, tmp_path)
    yield found
    found.daemon.close()
