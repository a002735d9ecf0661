"""A connection of readings with settings of one's own, and bodies for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Request
from upheld.testing import ScratchContext, make_context
from upheld_readings.adapter import Readings
from upheld_readings.config import ReadingsConfig

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRET = "a-secret-of-checks"
URL = "https://upheld.example/hooks/checks"
Made = Callable[..., Readings]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, NOON, "checks") as context:
        context.public_url = "https://upheld.example"
        yield context


def configured(**changed: Any) -> ReadingsConfig:
    return ReadingsConfig.model_validate({"secrets": SECRET} | changed)


@pytest.fixture
def made(context: ScratchContext) -> Made:
    return lambda **changed: Readings(configured(**changed), context)


def posted(body: object, **headers: str) -> Request:
    """A body with the token, unless it has other headers."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    bearing = named or (("authorization", f"Bearer {SECRET}"),)
    return Request("POST", URL, (), bearing, raw, NOON)
