"""Statements that are compiled once a process: every engine keeps its own, and every stage makes some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import create_engine

from upheld.ledger import database


class Compiled(dict[tuple[Any, ...], Any]):
    """What SQLAlchemy remembers of statements, for all dialects of one name together."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_by_name(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_by_name(key), compiled)


def _by_name(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return dialect.name, *rest


@contextmanager
def compiled_once() -> Iterator[None]:
    """Compiling them anew would be a fifth of what a story takes."""
    shared = partial(create_engine, execution_options={"compiled_cache": Compiled()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", shared)
        yield
