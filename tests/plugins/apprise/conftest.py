"""A hook that takes JSON, and a connection that knows it by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from upheld.plugin import Address, Channel, Outgoing, Urgency
from upheld.testing import ScratchContext, make_context
from upheld_apprise.adapter import Apprise
from upheld_apprise.config import AppriseConfig
from upheld_apprise.simulator import HookSimulator, address

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
OPS = Address(Channel.CHAT, "ops", "Operations")
MESSAGE = Outgoing("case:1042", "Sev 1 1042 Acme: mail is down", "Since noon.", Urgency.HIGH)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, NOON, "others") as context:
        yield context


@pytest.fixture
def far() -> Iterator[HookSimulator]:
    with HookSimulator() as far:
        yield far


def connected(context: ScratchContext, timeout: float = 5, **urls: str) -> Apprise:
    secret = {name: SecretStr(url) for name, url in urls.items()}
    return Apprise(AppriseConfig(urls=secret, timeout=timeout), context)


@pytest.fixture
def others(context: ScratchContext, far: HookSimulator) -> Apprise:
    return connected(context, ops=address(far.url, "ops"))
