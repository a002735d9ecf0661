"""Mail that is put away by a server that is slow, throttled or without MOVE: nobody goes unheard for that."""

from __future__ import annotations

import pytest

from tests.plugins.email.conftest import Connect
from tests.plugins.email.test_pull import PAT, subjects
from upheld.testing import ScratchContext
from upheld_email import adapter
from upheld_email.adapter import Cursor, Email
from upheld_email.simulator import MailSimulator


@pytest.fixture
def putting(far: MailSimulator, connect: Connect) -> Email:
    """A mailbox of three mails, and where to put them."""
    far.add_folder("Done")
    for number in range(3):
        far.write(PAT, str(number), "x")
    return connect(processed="Done")


def test_after_months_without_a_folder_no_command_names_more_than_500_mails(
    far: MailSimulator, putting: Email
) -> None:
    for number in range(503):
        far.deliver(b"From: pat@acme.example\r\nMessage-ID: <%d@acme.example>\r\n\r\n" % number)
    validity = Cursor.parse(putting.pull(None).cursor)
    assert validity is not None
    cursor = str(Cursor("INBOX", validity.validity, 506))
    gone = []
    for _ in range(2):
        putting.pull(cursor)
        gone.append(len(far.folder("Done")))
    assert gone == [500, 506]


@pytest.mark.parametrize("command", ["UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"])
def test_a_server_that_hangs_up_on_it_does_not_keep_new_mail(
    far: MailSimulator, context: ScratchContext, putting: Email, command: str
) -> None:
    far.no_move(command != "UID MOVE")
    cursor = putting.pull(None).cursor
    for number in range(2):
        far.write(PAT, f"new {number}", "x")
        far.lose_reply_to(command)
        page = putting.pull(cursor)
        assert subjects(page) == [f"new {number}"]
        cursor = page.cursor
    assert [name for _, name, _ in context.record.lines] == ["not_put_away"]


@pytest.mark.parametrize("said", ["[INUSE] wait", "[LIMIT] too many", "[THROTTLED] slowly", "no"])
def test_a_server_that_is_busy_with_it_does_not_keep_new_mail(
    far: MailSimulator, context: ScratchContext, putting: Email, said: str
) -> None:
    cursor = putting.pull(None).cursor
    far.write(PAT, "new", "x")
    far.refuse("UID MOVE", said)
    page = putting.pull(cursor)
    assert subjects(page) == ["new"]
    assert [name for _, name, _ in context.record.lines] == ["not_put_away"]
    putting.pull(page.cursor)
    assert len(far.folder("Done")) == 4


def test_what_can_be_copied_and_not_marked_is_copied_once(
    far: MailSimulator, putting: Email
) -> None:
    far.no_move()
    far.refuse("UID STORE", *["[NOPERM] not yours"] * 3)
    cursor = putting.pull(None).cursor
    for _ in range(3):
        cursor = putting.pull(cursor).cursor
    assert (len(far.folder()), len(far.folder("Done"))) == (3, 3)
    putting.pull(cursor)
    assert (len(far.folder()), len(far.folder("Done"))) == (0, 3)


def test_where_the_answer_comes_too_late_fewer_are_copied_each_time(
    far: MailSimulator, connect: Connect, putting: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have copied them: so much at most lies there twice."""
    monkeypatch.setattr(adapter, "_AWAY", 3)
    mail = connect(processed="Done")
    far.no_move()
    cursor = mail.pull(None).cursor
    copies = []
    for _ in range(3):
        far.lose_reply_to("UID COPY")
        cursor = mail.pull(cursor).cursor
        copies.append(len(far.folder("Done")))
    assert copies == [3, 4, 5]
    mail.pull(cursor)
    mail.pull(cursor)
    assert far.folder() == ()
