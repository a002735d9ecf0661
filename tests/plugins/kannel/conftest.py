"""A gateway of our own making, a stepped clock and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from upheld.plugin import Address, Answer, Channel, Does, Outgoing, Urgency
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_kannel.adapter import Kannel
from upheld_kannel.config import KannelConfig
from upheld_kannel.simulator import PASSWORD, USER, KannelSimulator

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DOOR = "http://127.0.0.1:8080"
HOOK = f"{DOOR}/hooks/sms"
SECRET = "a-secret-of-the-door"
ANN = Address(Channel.SMS, "+12025550101", "Ann Reyes")
MESSAGE = Outgoing(
    "case:1042",
    "Sev 1 1042 Acme: mail is down",
    "Since noon.",
    Urgency.HIGH,
    answers=(Answer("ACK", Does.ACKNOWLEDGE, "1042"), Answer("1", Does.ACKNOWLEDGE)),
)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "sms") as context:
        yield context


@pytest.fixture
def far(clock: SteppedClock) -> Iterator[KannelSimulator]:
    with KannelSimulator(clock.as_datetime, HOOK) as simulator:
        yield simulator


def configured(url: str, **changed: Any) -> KannelConfig:
    given: dict[str, Any] = {
        "url": url,
        "user": USER,
        "password": SecretStr(PASSWORD),
        "sender": "4242",
        "secret": SecretStr(SECRET),
        "door": DOOR,
    }
    return KannelConfig(**(given | changed))


@pytest.fixture
def sms(context: ScratchContext, far: KannelSimulator) -> Iterator[Kannel]:
    sms = Kannel(configured(far.url, timeout=5), context)
    yield sms
    sms.close()
