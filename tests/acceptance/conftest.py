"""Every story is told twice: on SQLite, and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.story import Story
from tests.postgresql import Made, made
from upheld.testing.stage import Stage


@pytest.fixture(scope="session")
def on_postgresql() -> Iterator[Made]:
    with made() as ledger:
        yield ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """None is SQLite in the stage's own folder."""
    if request.param == "sqlite":
        return None
    ledger: Made = request.getfixturevalue("on_postgresql")
    return ledger.empty()


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """The shipped policy on a stage; at the end, whatever was not expected fails."""
    with Stage(tmp_path, database=database) as stage:
        story = Story(stage)
        yield story
        story.nothing_else()
