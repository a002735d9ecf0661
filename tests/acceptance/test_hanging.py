"""First page of a case first (issue 9, point 6), also in the worst moment: when another far end hangs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.story import STAFF
from tests.core.daemon.scene import until
from upheld.ledger import UNFINISHED, Delivery
from upheld.testing.stage import Stage

LETTERS = 10
#: From the marking to the page: a second, of wall time.
WANTED = 1.0


class HangingStage(Stage):
    """The mail server takes every connection and says nothing for as long as the stage is up."""

    def __enter__(self) -> Any:
        self.server = socket.create_server(("127.0.0.1", 0))
        return super().__enter__()

    def _far_ends(self) -> Iterator[AbstractContextManager[object]]:
        yield from super()._far_ends()
        yield closing(self.server)

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        smtp = f"smtp://127.0.0.1:{self.server.getsockname()[1]}"
        mailbox = {**whole["connections"]["mailbox"], "smtp": smtp}
        return {**whole, "connections": {**whole["connections"], "mailbox": mailbox}}

    def letters(self) -> list[Delivery]:
        """What waits for the mail server."""
        with self.site.ledger.reading() as tx:
            found = tx.deliveries(states=UNFINISHED)
        return [each for each in found if each.connection == "mailbox"]


@pytest.fixture
def stage(tmp_path: Path, database: str | None) -> Iterator[HangingStage]:
    """A daemon that runs, while the mail server hangs."""
    with HangingStage(tmp_path, database=database) as stage:
        running = threading.Thread(target=stage.daemon.run)
        running.start()
        yield stage
        stage.daemon.stop()
        stage.server.close()  # so that the letter that is on its way comes back
        running.join(30)
        assert not running.is_alive()


def test_the_mail_server_hangs_ten_letters_wait_and_a_severity_1_pages_within_a_second(
    stage: HangingStage,
) -> None:
    for number in range(LETTERS):
        stage.mail.write(f"pat{number}@acme.example", f"Question {number}", "…")
    until(lambda: len(stage.letters()) >= LETTERS, 30)
    until(lambda: any(each.state.value == "attempting" for each in stage.letters()))
    stage.site.verbs.triage("C1", STAFF, 1, number="1042")
    marked = time.monotonic()
    until(lambda: any(i.dedup_key.startswith("C1/") for i in stage.pager.incidents))
    took = time.monotonic() - marked
    assert took < WANTED
    assert len([each for each in stage.letters() if each.state.value == "attempting"]) == 1
