"""Each test has a scene of its own; the empty ledger is made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.report.scene import Scene
from upheld.ledger import Ledger


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "empty.db"
    Ledger.create(f"sqlite:///{path}")
    return path


@pytest.fixture
def scene(empty: Path, tmp_path: Path) -> Iterator[Scene]:
    copied = shutil.copy(empty, tmp_path / "ledger.db")
    with Ledger.open(f"sqlite:///{copied}", site="test") as ledger:
        yield Scene(ledger)
