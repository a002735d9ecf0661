"""A built-in tracker over a folder of its own, on a stepped clock."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Actor, Attachment, Comment, Draft, RemoteCase, Side, Visibility
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_builtin.adapter import Builtin
from upheld_builtin.config import BuiltinConfig

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PAT = Actor("pat@acme.example", "Pat Lin", ("pat@acme.example",), Side.CUSTOMER)
ANN = Actor("ann", "Ann Reyes", side=Side.STAFF)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path / "desk", clock.as_datetime, "desk") as context:
        yield context


@pytest.fixture
def desk(context: ScratchContext) -> Builtin:
    return configured(context)


def configured(context: ScratchContext, **values: Any) -> Builtin:
    return Builtin(BuiltinConfig.model_validate(values), context)


def opened(desk: Builtin, key: str = "create:1", **fields: Any) -> RemoteCase:
    return desk.create(Draft("cases", "Mail is down.\nSince noon.", PAT, fields), key)


def words(text: str, visibility: Visibility = Visibility.INTERNAL, *files: Attachment) -> Comment:
    return Comment("", text, visibility, ANN, NOON, attachments=files)


def file(content: bytes, name: str = "log.txt") -> Attachment:
    return Attachment("", name, "text/plain", len(content), lambda: io.BytesIO(content))
