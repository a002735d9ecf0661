"""Worlds in which the story was played once undisturbed, to be put back and disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.crash.matrix import Window, undisturbed
from tests.crash.world import World
from tests.postgresql import schema

#: The mail, the triage, the acknowledgement, the first status: every kind of moment is in them.
_MOST = 5


@dataclass(frozen=True, slots=True)
class Played:
    """A world, and how it went undisturbed."""

    world: World
    windows: list[Window]


@pytest.fixture(scope="package")
def on_sqlite() -> Iterator[Played]:
    with _played(None) as played:
        yield played


@pytest.fixture(scope="package")
def on_postgresql() -> Iterator[Played]:
    with schema() as url, _played(url) as played:
        yield played


@pytest.fixture(params=["sqlite", "postgresql"])
def played(request: pytest.FixtureRequest) -> Played:
    """On both databases."""
    found: Played = request.getfixturevalue(f"on_{request.param}")
    return found


@contextmanager
def _played(url: str | None) -> Iterator[Played]:
    with TemporaryDirectory() as folder, World(Path(folder), url) as world:
        yield Played(world, undisturbed(world, _MOST))
