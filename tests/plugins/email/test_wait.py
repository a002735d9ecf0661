"""Waiting for mail: IDLE, its end, and servers without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.plugins.email.conftest import Connect
from tests.plugins.email.test_pull import PAT, subjects
from upheld.plugin import Retry
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator


class Waiting:
    """A wait in a thread of its own, and what came of it."""

    def __init__(
        self, mail: Email, seconds: float = 20, wait: Callable[[], bool] | None = None
    ) -> None:
        self._result: list[bool] = []
        waits = wait or (lambda: mail.wait(seconds))
        self._thread = threading.Thread(target=lambda: self._result.append(waits()))
        self._thread.start()

    def result(self) -> bool:
        """What `wait` said; it must have ended within a few seconds."""
        self._thread.join(8)
        assert not self._thread.is_alive()
        return self._result[0]


def until(met: Callable[[], bool]) -> None:
    """Look again and again, for a few seconds."""
    end = time.monotonic() + 8
    while not met():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_new_mail_ends_the_wait(far: MailSimulator, mailbox: Email) -> None:
    first = mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: far.idling == 1)
    far.write(PAT, "one", "1")
    assert waiting.result()
    assert subjects(mailbox.pull(first.cursor)) == ["one"]


def test_mail_that_came_between_pull_and_wait_is_not_slept_through(
    far: MailSimulator, mailbox: Email
) -> None:
    mailbox.pull(None)
    far.write(PAT, "one", "1")
    assert Waiting(mailbox).result()


def test_a_page_that_is_left_to_read_is_not_slept_through(
    far: MailSimulator, connect: Connect
) -> None:
    far.write(PAT, "one", "1")
    far.write(PAT, "two", "2")
    mail = connect(page=1)
    mail.pull(None)
    assert Waiting(mail).result()


def test_a_renumbered_folder_ends_the_wait(far: MailSimulator, mailbox: Email) -> None:
    mailbox.pull(None)
    far.bump_uidvalidity()
    assert Waiting(mailbox).result()


def test_mail_that_goes_is_no_news(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "one", "1")
    mailbox.pull(None)
    waiting = Waiting(mailbox, seconds=0.6)
    until(lambda: far.idling == 1)
    far.expunge(1)
    assert not waiting.result()
    assert mailbox.pull(None).items == ()


def test_mail_that_comes_after_one_went_is_news(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "one", "1")
    mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: far.idling == 1)
    far.expunge(1)
    far.write(PAT, "two", "2")
    assert waiting.result()


def test_nothing_new_ends_with_the_time(mailbox: Email) -> None:
    mailbox.pull(None)
    began = time.monotonic()
    assert not mailbox.wait(0.3)
    assert 0.3 <= time.monotonic() - began < 3


def test_a_server_without_idle_is_waited_for_all_the_same(
    far: MailSimulator, mailbox: Email
) -> None:
    far.no_idle()
    mailbox.pull(None)
    began = time.monotonic()
    assert not mailbox.wait(0.3)
    assert time.monotonic() - began >= 0.3


def test_close_ends_a_wait(far: MailSimulator, mailbox: Email) -> None:
    mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: far.idling == 1)
    mailbox.close()
    assert not waiting.result()


def test_close_ends_a_wait_without_idle(far: MailSimulator, mailbox: Email) -> None:
    far.no_idle()
    mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(mailbox._reading.locked)
    mailbox.close()
    assert not waiting.result()


def test_a_pull_ends_a_wait_and_reads(far: MailSimulator, mailbox: Email) -> None:
    first = mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: far.idling == 1)
    assert mailbox.pull(first.cursor).items == ()
    assert not waiting.result()


def test_a_connection_that_is_cut_in_a_wait_is_opened_again(
    far: MailSimulator, mailbox: Email
) -> None:
    first = mailbox.pull(None)
    failed: list[Exception] = []

    def wait() -> None:
        try:
            mailbox.wait(20)
        except Retry as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: far.idling == 1)
    far.hang_up()
    thread.join(8)
    assert len(failed) == 1
    far.write(PAT, "one", "1")
    assert subjects(mailbox.pull(first.cursor)) == ["one"]


def test_sending_does_not_wait_for_a_wait(far: MailSimulator, mailbox: Email) -> None:
    from tests.plugins.email.test_send import NOTICE, TO

    mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: far.idling == 1)
    mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == 1
    mailbox.close()
    assert not waiting.result()
