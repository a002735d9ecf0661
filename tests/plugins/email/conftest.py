"""A mail provider (simulated, or Postfix and Dovecot), a stepped clock and a connection to it."""

from __future__ import annotations

import os
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
from upheld_email.far_end.servers import MailServers, NoServers, named
from upheld_email.simulator import MailSimulator
from upheld_email.simulator.provider import Provider

# In the past: a real server takes no mail from the future.
NOON = datetime(2025, 12, 1, 12, tzinfo=UTC)
SIMULATOR, SERVERS = "simulator", "postfix+dovecot"
BOTH = {"test_pull", "test_send", "test_wait"}
Connect: TypeAlias = Callable[..., Email]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "mailbox") as context:
        yield context


@pytest.fixture
def far(request: pytest.FixtureRequest, clock: SteppedClock) -> Iterator[Provider]:
    """The provider in memory; in the modules of `BOTH` also Postfix and Dovecot."""
    if getattr(request, "param", SIMULATOR) == SIMULATOR:
        with MailSimulator(clock.as_datetime) as simulator:
            yield simulator
    else:
        with RealServers(clock.as_datetime, servers()) as pair:
            yield pair


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The tests of `BOTH` run over the simulator and over real servers."""
    if metafunc.module.__name__.rpartition(".")[2] in BOTH and "far" in metafunc.fixturenames:
        metafunc.parametrize("far", [SIMULATOR, SERVERS], indirect=True)


def servers() -> Path:
    """The folder of the real servers; skipped with the reason where there are none, but for CI."""
    try:
        return named()
    except NoServers as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


class RealServers(MailServers):
    """Postfix and Dovecot; a test of what only a simulator can do is skipped with the reason."""

    def __getattr__(self, name: str) -> Any:
        if hasattr(MailSimulator, name):
            pytest.skip(f"real servers can't be asked for `{name}`")
        raise AttributeError(name)


def settings(far: MailSimulator | MailServers, **changed: Any) -> EmailConfig:
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
