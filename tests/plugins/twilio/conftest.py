"""A simulator, a stepped clock and a connection to it, with a door that the outside knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from upheld.plugin import Address, Answer, Channel, Does, Outgoing, Urgency
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_twilio.adapter import Twilio
from upheld_twilio.config import TwilioConfig
from upheld_twilio.simulator import ACCOUNT, NUMBER, TOKEN, TwilioSimulator

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DOOR = "https://upheld.example/hooks/phone"
ANN = Address(Channel.SMS, "+12025550101", "Ann Reyes")
ANNS_PHONE = Address(Channel.VOICE, ANN.value, ANN.name)
ANSWERS = (
    Answer("1", Does.ACKNOWLEDGE),
    Answer("2", Does.ESCALATE),
    Answer("ACK", Does.ACKNOWLEDGE, "1042"),
)
MESSAGE = Outgoing(
    "case:1042", "Sev 1 1042 Acme: mail is down", "Since noon.", Urgency.HIGH, answers=ANSWERS
)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "phone") as context:
        context.public_url = "https://upheld.example"
        yield context


@pytest.fixture
def far(clock: SteppedClock) -> Iterator[TwilioSimulator]:
    with TwilioSimulator(clock.as_datetime, DOOR) as simulator:
        yield simulator


def configured(url: str = "https://api.twilio.com", **changed: Any) -> TwilioConfig:
    given: dict[str, Any] = {"account": ACCOUNT, "token": SecretStr(TOKEN), "number": NUMBER}
    return TwilioConfig(**(given | {"url": url} | changed))


@pytest.fixture
def phone(context: ScratchContext, far: TwilioSimulator) -> Iterator[Twilio]:
    phone = Twilio(configured(far.url, timeout=5), context)
    yield phone
    phone.close()
