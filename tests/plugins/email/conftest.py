"""A simulated mail provider, a stepped clock and a connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import SecretStr

from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_email.adapter import Email
from upheld_email.config import EmailConfig
from upheld_email.simulator import MailSimulator

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
Connect: TypeAlias = Callable[..., Email]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "mailbox") as context:
        yield context


@pytest.fixture
def far(clock: SteppedClock) -> Iterator[MailSimulator]:
    with MailSimulator(clock.as_datetime) as simulator:
        yield simulator


def settings(far: MailSimulator, **changed: Any) -> EmailConfig:
    """What connects to the simulator."""
    given: dict[str, Any] = {
        "address": far.address,
        "imap": far.imap_url,
        "smtp": far.smtp_url,
        "password": SecretStr(far.password),
        "authserv_id": far.authserv_id,
        "timeout": 5,
    }
    return EmailConfig(**(given | changed))


@pytest.fixture
def connect(context: ScratchContext, far: MailSimulator) -> Iterator[Connect]:
    """Makes connections; all are closed before the simulator is."""
    with ExitStack() as stack:

        def made(**changed: Any) -> Email:
            mail = Email(settings(far, **changed), context)
            stack.callback(mail.close)
            return mail

        yield made


@pytest.fixture
def mailbox(connect: Connect) -> Email:
    return connect()
