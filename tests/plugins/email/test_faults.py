"""What servers do to us: greylisting, refusals at each stage, races, silence, tokens that end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.plugins.email.conftest import Connect
from tests.plugins.email.test_pull import PAT, everything, subjects
from tests.plugins.email.test_send import NOTICE, TO
from tests.plugins.email.test_wait import until
from upheld.plugin import Auth, Level, Message, Misconfigured, Permanent, PluginError, Retry
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator
from upheld_email.simulator.tokens import TokenEndpoint

# --- SMTP -----------------------------------------------------------------------------------------


def test_who_is_greylisted_comes_again_and_is_let_in(far: MailSimulator, mailbox: Email) -> None:
    far.greylist()
    with pytest.raises(Retry, match="greylisted"):
        mailbox.send(NOTICE, TO, "k")
    mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == 1


@pytest.mark.parametrize("stage", ["CONNECT", "AUTH", "MAIL", "RCPT", "DATA", "."])
def test_a_stage_that_fails_for_now_is_tried_again(
    far: MailSimulator, mailbox: Email, stage: str
) -> None:
    far.smtp_fails_at(stage, *[451] * (2 if stage == "AUTH" else 1))  # both mechanisms are tried
    with pytest.raises(Retry):
        mailbox.send(NOTICE, TO, "k")
    assert far.sent == ()
    mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "."])
def test_a_stage_that_fails_for_good_is_permanent_and_harms_no_other_mail(
    far: MailSimulator, mailbox: Email, stage: str
) -> None:
    far.smtp_fails_at(stage, 554)
    with pytest.raises(Permanent, match="554 said the simulator"):
        mailbox.send(NOTICE, TO, "k")
    mailbox.send(NOTICE, TO, "another")
    assert len(far.sent) == 1


@pytest.mark.parametrize("stage", ["CONNECT", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_goes_down_at_a_stage_is_tried_again(
    far: MailSimulator, mailbox: Email, stage: str
) -> None:
    far.smtp_fails_at(stage, 421)
    with pytest.raises(Retry):
        mailbox.send(NOTICE, TO, "k")
    mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == 1


def test_a_server_that_lost_its_password_for_a_moment_locks_nobody_out(
    far: MailSimulator, mailbox: Email
) -> None:
    far.smtp_fails_at("AUTH", 454, 454)
    with pytest.raises(Retry, match="lets nobody in just now"):
        mailbox.send(NOTICE, TO, "k")
    mailbox.send(NOTICE, TO, "k")


# --- races in the mailbox -------------------------------------------------------------------------


@pytest.fixture
def three(far: MailSimulator) -> tuple[str, ...]:
    """Three mails lie there."""
    for subject in "abc":
        far.write(PAT, subject, "x")
    return tuple("abc")


@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH"])
def test_a_mail_that_goes_while_we_read_keeps_no_other(
    far: MailSimulator, mailbox: Email, three: tuple[str, ...], command: str
) -> None:
    far.before(command, lambda: far.expunge(2))
    assert subjects(mailbox.pull(None)) == ["a", "c"]


@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH"])
def test_a_folder_that_is_renumbered_while_we_read_is_read_again(
    far: MailSimulator, mailbox: Email, three: tuple[str, ...], command: str
) -> None:
    far.before(command, far.bump_uidvalidity)
    with pytest.raises(Retry):
        mailbox.pull(None)
    assert subjects(mailbox.pull(None)) == list(three)


def test_renumbered_mail_comes_again_under_the_same_ids(
    far: MailSimulator, mailbox: Email, three: tuple[str, ...]
) -> None:
    """The core knows them by their ids, and takes none twice."""
    page = mailbox.pull(None)
    far.expunge(1)
    far.bump_uidvalidity()
    again = everything(mailbox, page.cursor)
    ids = [item.id for item in page.items if isinstance(item, Message)]
    assert [item.id for item in again if isinstance(item, Message)] == ids[1:]


@pytest.mark.parametrize("moves", [True, False])
def test_somebody_else_moves_the_mail_that_we_put_away(
    far: MailSimulator, connect: Connect, three: tuple[str, ...], moves: bool
) -> None:
    far.add_folder("Done")
    far.no_move(not moves)
    mailbox = connect(processed="Done")
    cursor = mailbox.pull(None).cursor
    far.before("UID MOVE" if moves else "UID COPY", lambda: far.expunge(2))
    assert mailbox.pull(cursor).items == ()
    assert (len(far.folder()), len(far.folder("Done"))) == (0, 2)


@pytest.mark.parametrize("command", ["UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"])
def test_a_line_that_breaks_while_mail_is_put_away_loses_none(
    far: MailSimulator, connect: Connect, three: tuple[str, ...], command: str
) -> None:
    """Without MOVE a copy may lie there twice, or the mail stay and be marked; never is there none."""
    far.add_folder("Done")
    far.no_move(command != "UID MOVE")
    mailbox = connect(processed="Done")
    cursor = mailbox.pull(None).cursor
    far.lose_reply_to(command)
    assert mailbox.pull(cursor).items == ()
    assert mailbox.pull(cursor).items == ()
    left = [far.flags(uid) for uid in (1, 2, 3)] if far.folder() else []
    assert [flags for flags in left if "\\Deleted" not in flags] == []
    assert len(set(far.folder("Done"))) == 3


# --- waiting --------------------------------------------------------------------------------------


def failing(call: Callable[[], object]) -> tuple[threading.Thread, list[PluginError]]:
    """The call in a thread of its own, and what it raised."""
    failed: list[PluginError] = []

    def run() -> None:
        try:
            call()
        except PluginError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failed


def test_a_server_that_says_goodbye_in_a_wait_is_left_and_come_back_to(
    far: MailSimulator, mailbox: Email
) -> None:
    first = mailbox.pull(None)
    thread, failed = failing(lambda: mailbox.wait(20))
    until(lambda: far.idling == 1)
    far.say_bye()
    thread.join(8)
    assert [type(error).__mro__[1] for error in failed] == [Retry]
    far.write(PAT, "one", "x")
    assert subjects(mailbox.pull(first.cursor)) == ["one"]


def test_a_server_that_falls_silent_in_a_wait_is_left_in_its_time(
    far: MailSimulator, connect: Connect
) -> None:
    """NAT gateways drop silently: mail is found by the next reading, within the wait's seconds."""
    mailbox = connect(timeout=0.2)
    first = mailbox.pull(None)
    far.mute_idle()
    thread, failed = failing(lambda: mailbox.wait(0.3))
    until(lambda: far.idling == 1)
    far.write(PAT, "one", "x")
    thread.join(8)
    assert isinstance(failed[0], Retry)
    far.mute_idle(False)
    assert subjects(mailbox.pull(first.cursor)) == ["one"]


# --- tokens ---------------------------------------------------------------------------------------


@pytest.fixture
def tokens(far: MailSimulator) -> Iterator[TokenEndpoint]:
    with TokenEndpoint(far) as endpoint:
        yield endpoint


@pytest.fixture
def by_token(connect: Connect, tokens: TokenEndpoint) -> Callable[[], Email]:
    """Makes connections that sign in by tokens, all with the first refresh token."""

    def made() -> Email:
        oauth = {
            "token_url": tokens.url,
            "scope": "mail",
            "client_id": "upheld",
            "refresh_token": "refresh-0",
        }
        return connect(password=None, oauth=oauth)

    return made


def test_a_mailbox_is_read_and_sent_from_by_one_token(
    far: MailSimulator, tokens: TokenEndpoint, by_token: Callable[[], Email]
) -> None:
    far.write(PAT, "one", "x")
    mailbox = by_token()
    assert subjects(mailbox.pull(None)) == ["one"]
    mailbox.send(NOTICE, TO, "k")
    assert len(tokens.asked) == len(far.sent) == 1
    assert [each.level for each in mailbox.check() if each.level is Level.ERROR] == []


def test_a_token_that_ended_is_bought_anew_with_the_rotated_one(
    far: MailSimulator, tokens: TokenEndpoint, by_token: Callable[[], Email]
) -> None:
    mailbox = by_token()
    mailbox.pull(None)
    tokens.expire()
    far.hang_up()
    mailbox.pull(None)
    mailbox.send(NOTICE, TO, "k")
    assert [form["refresh_token"] for form in tokens.asked] == ["refresh-0", "refresh-1"]


def test_a_new_process_goes_on_with_the_rotated_one(
    tokens: TokenEndpoint, by_token: Callable[[], Email]
) -> None:
    by_token().pull(None)
    by_token().pull(None)
    assert [form["refresh_token"] for form in tokens.asked] == ["refresh-0", "refresh-1"]


def test_a_sign_in_that_was_revoked_needs_a_person(
    far: MailSimulator, tokens: TokenEndpoint, by_token: Callable[[], Email]
) -> None:
    mailbox = by_token()
    mailbox.pull(None)
    tokens.revoke()
    far.hang_up()
    for call in (lambda: mailbox.pull(None), lambda: mailbox.send(NOTICE, TO, "k")):
        with pytest.raises(Auth, match="invalid_grant"):
            call()


def test_a_password_is_of_no_use_where_none_is_known(
    far: MailSimulator, tokens: TokenEndpoint, connect: Connect
) -> None:
    far.refuse_password()
    with pytest.raises((Auth, Misconfigured)):
        connect().pull(None)
    assert tokens.asked == []
