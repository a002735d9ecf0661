"""Reading from servers of every kind: what they refuse, how they fall silent, what they never hear."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from pydantic import SecretStr

from tests.plugins.email.scripted import LOOPBACK, FarEnd, HungUp, Line, Reply, Script, imap
from upheld.plugin import Auth, Misconfigured, PluginError, Retry
from upheld_email.client import Declined, Dropped, Mailbox
from upheld_email.config import EmailConfig

OUR = "support@magnolia.example"
SECRET = 's3cret-"canary"\\'
Against: TypeAlias = Callable[..., tuple[Mailbox, FarEnd]]


def config(scheme: str, port: int, **changed: Any) -> EmailConfig:
    given = {"address": OUR, "smtp": "smtp://127.0.0.1", "password": SecretStr(SECRET)}
    server = {"imap": f"{scheme}://127.0.0.1:{port}", "timeout": 0.5}
    return EmailConfig(**(given | server | changed))


@pytest.fixture
def against() -> Iterator[Against]:
    """A mailbox and the far end that it talks to."""
    with ExitStack() as stack:

        def made(
            scheme: str = "imap", script: Script | None = None, *, ca: bool = False, **said: Reply
        ) -> tuple[Mailbox, FarEnd]:
            far = stack.enter_context(FarEnd(script or imap(**said), tls=scheme == "imaps"))
            mailbox = Mailbox(config(scheme, far.port, ca_file=str(LOOPBACK) if ca else None))
            stack.callback(mailbox.close)
            return mailbox, far

        yield made


def select(mailbox: Mailbox) -> None:
    mailbox.select("INBOX", readonly=True)


# --- what is open ---


def test_a_folder_lasts_until_another_is_opened_or_the_connection_ends(against: Against) -> None:
    mailbox, far = against()
    opened = mailbox.select("INBOX", readonly=True)
    assert mailbox.lasts(opened)
    again = mailbox.select("INBOX", readonly=True)
    assert again == opened
    assert not mailbox.lasts(opened), "it may have been another meanwhile"
    mailbox.close()
    heard = len(far.heard)
    assert not mailbox.lasts(again)
    assert len(far.heard) == heard, "nobody was asked"


@pytest.mark.parametrize("said", [None, "BAD what?", "NO", "* BYE it was deleted"])
def test_a_folder_that_is_no_more_does_not_last(against: Against, said: Reply) -> None:
    mailbox, _ = against(NOOP=said)
    assert not mailbox.lasts(mailbox.select("INBOX", readonly=True))


# --- signing in -----------------------------------------------------------------------------------


def test_a_password_with_quotes_arrives_as_it_is(against: Against) -> None:
    mailbox, far = against()
    select(mailbox)
    login = next(line for line in far.heard if " LOGIN " in line)
    assert login.endswith(f'"{OUR}" "s3cret-\\"canary\\"\\\\"')


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", Auth),
        ("NO wrong", Auth),
        ("BAD what?", Auth),
        ("NO [UNAVAILABLE] later", Retry),
        ("NO [INUSE] somebody else", Retry),
        (None, Retry),
    ],
)
def test_a_sign_in_that_fails_has_its_class_and_shows_no_password(
    against: Against, said: Reply, error: type[PluginError]
) -> None:
    mailbox, _ = against(LOGIN=said)
    with pytest.raises(error) as raised:
        select(mailbox)
    shown = f"{raised.value} {raised.value!r} {raised.value.__cause__!r} {vars(mailbox)!r}"
    assert "canary" not in shown


def test_a_server_that_repeats_the_password_does_not_spread_it(against: Against) -> None:
    mailbox, _ = against(LOGIN=lambda line, said: line.says(f"{said.partition(' ')[0]} NO {said}"))
    with pytest.raises(Auth) as raised:
        select(mailbox)
    assert "canary" not in f"{raised.value} {raised.value.__cause__!r}"


def test_what_is_told_only_after_sign_in_counts(against: Against) -> None:
    offers = iter(["* CAPABILITY IMAP4rev1", "* CAPABILITY IMAP4rev1 IDLE"])

    def offer(line: Line, said: str) -> None:
        line.says(next(offers))
        line.says(f"{said.partition(' ')[0]} OK done")

    mailbox, _ = against(CAPABILITY=offer)
    assert mailbox.idles()


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_no_piece_of_a_mail_waits_for_the_acknowledgement_of_another(
    against: Against, scheme: str
) -> None:
    mailbox, _ = against(scheme, ca=True)
    select(mailbox)
    assert mailbox._open().client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- silence, garbage, and hanging up -------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        lambda line: line.says_nothing(),
        lambda line: line.says("* BYE too many"),
        lambda line: line.says("HTTP/1.1 400 Bad Request"),
        lambda line: line.says(b"\xff\xfe\x00"),
        lambda line: line.says("* OK " + "x" * 2_000_000),
        lambda line: None,
        imap(CAPABILITY="* CAPABILITY NOTHING"),
        imap(CAPABILITY=b"* CAPABILITY \xff"),
        imap(EXAMINE=lambda line, _: line.says_nothing()),
        imap(EXAMINE=None),
    ],
)
def test_whatever_is_no_server_is_tried_again_within_its_time(
    against: Against, script: Script
) -> None:
    mailbox, _ = against(script=script)
    began = time.monotonic()
    with pytest.raises(Retry, match=r"127\.0\.0\.1:\d+: the connection broke") as raised:
        select(mailbox)
    assert raised.value.do_next
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("answer", ["* SEARCH one two", "* SEARCH \x00", b"* SEARCH \xff"])
def test_a_search_that_finds_no_numbers_is_tried_again(against: Against, answer: Reply) -> None:
    mailbox, _ = against(UID_SEARCH=answer)
    select(mailbox)
    with pytest.raises(Retry):
        mailbox.uids_after(0, 2)


def test_after_a_failure_there_is_a_new_connection(against: Against) -> None:
    mailbox, far = against(UID_SEARCH=None)
    for _ in range(2):
        select(mailbox)
        with pytest.raises(Dropped):
            mailbox.uids_after(0, 2)
    assert far.connections == 2


# --- what a server refuses ------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["NO [UNAVAILABLE] x", "NO [throttled] x"])
def test_a_server_that_is_busy_is_tried_again(against: Against, said: str) -> None:
    mailbox, _ = against(UID_FETCH=said)
    select(mailbox)
    with pytest.raises(Retry) as raised:
        mailbox.mails([1])
    assert not isinstance(raised.value, Declined)


@pytest.mark.parametrize(
    "said", ["NO can't read it", "NO [SERVERBUG] x", "BAD x", "NO " + "x" * 5000]
)
def test_a_refusal_leaves_the_connection_as_it_is(against: Against, said: str) -> None:
    mailbox, far = against(UID_FETCH=said)
    select(mailbox)
    with pytest.raises(Declined, match="refuses FETCH") as raised:
        mailbox.mails([1])
    assert len(str(raised.value)) < 400
    assert mailbox.uids_after(0, 2) == ([1], 1)
    assert far.connections == 1


def test_a_folder_that_may_not_be_written_to_is_a_wrong_configuration(against: Against) -> None:
    mailbox, _ = against(SELECT="* 1 EXISTS\r\n* OK [READ-ONLY] x")
    with pytest.raises(Misconfigured, match="may be read, but not written to"):
        mailbox.select("INBOX", readonly=False)


# --- large folders --------------------------------------------------------------------------------


def test_a_large_folder_is_searched_in_stretches_whose_answer_fits(against: Against) -> None:
    mailbox, far = against(UID_SEARCH="* SEARCH")
    select(mailbox)
    assert mailbox.uids_after(7, 1_000_000) == ([], 999_999)
    asked = [line.rpartition(" ")[2].split(":") for line in far.heard if "SEARCH" in line]
    assert int(asked[0][0]) == 8
    assert int(asked[-1][1]) == 999_999
    assert all(int(b[0]) == int(a[1]) + 1 for a, b in pairwise(asked))
    # Ten digits and a blank for each, and imaplib takes 1,000,000 bytes.
    assert max(int(last) - int(first) for first, last in asked) < 90_000


def test_a_stretch_that_has_some_is_enough_for_now(against: Against) -> None:
    mailbox, far = against(UID_SEARCH="* SEARCH 9 8")
    select(mailbox)
    assert mailbox.uids_after(7, 1_000_000) == ([8, 9], 1_007)
    assert len([line for line in far.heard if "SEARCH" in line]) == 1


def test_a_stretch_is_asked_for_once_while_the_folder_is_open(against: Against) -> None:
    mailbox, far = against(UID_SEARCH="* SEARCH 8 9 11")

    def searches() -> int:
        return len([line for line in far.heard if "SEARCH" in line])

    select(mailbox)
    assert mailbox.uids_after(7, 1_000_000) == ([8, 9, 11], 1_007)
    assert mailbox.uids_after(8, 1_000_000) == ([9, 11], 1_007)
    assert mailbox.uids_after(10, 1_000_000) == ([11], 1_007)
    assert searches() == 1
    assert mailbox.uids_after(6, 1_000_000) == ([8, 9, 11], 1_006), "further back than it went"
    assert searches() == 2
    select(mailbox)
    assert mailbox.uids_after(8, 1_000_000) == ([9, 11], 1_008), "opened anew"
    assert searches() == 3


def test_a_server_that_does_not_say_uidnext_names_the_last_mail_again(against: Against) -> None:
    mailbox, _ = against(UID_SEARCH="* SEARCH 9")
    select(mailbox)
    assert mailbox.uids_after(9, 0) == ([], 9)
    assert mailbox.uids_after(8, 0) == ([9], 9)


# --- IDLE -----------------------------------------------------------------------------------------


def idle(*, then: Callable[[Line, str], None]) -> Reply:
    def reply(line: Line, said: str) -> None:
        line.says("+ idling")
        then(line, said)

    return reply


def wait(mailbox: Mailbox, seconds: float = 5) -> bool:
    return mailbox.idle(1, seconds, threading.Event())


def hang_up(_line: Line, _said: str) -> None:
    raise HungUp


@pytest.mark.parametrize("then", [hang_up, lambda line, _: line.says("* BYE the server restarts")])
def test_a_connection_that_ends_in_a_wait_is_tried_again_at_once(
    against: Against, then: Callable[[Line, str], None]
) -> None:
    mailbox, _ = against(IDLE=idle(then=then))
    select(mailbox)
    began = time.monotonic()
    with pytest.raises(Dropped):
        wait(mailbox)
    assert time.monotonic() - began < 2


def test_a_server_that_died_silently_in_a_wait_is_left_in_time(against: Against) -> None:
    mailbox, _ = against(IDLE=idle(then=lambda line, _: line.says_nothing()))
    select(mailbox)
    began = time.monotonic()
    with pytest.raises(Dropped):
        wait(mailbox, 0.1)
    assert time.monotonic() - began < 3


def test_news_is_found_among_other_talk_and_across_packets(against: Against) -> None:
    def talk(line: Line, said: str) -> None:
        line.says("* OK still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 RECENT\r\n* 1 EXISTS")
        line.says("* 1 EXPUNGE\r\n* 1 EXISTS\r\n* 2 EXISTS")
        assert line.hears() == "DONE"
        line.says(f"{said.partition(' ')[0]} OK done")

    mailbox, _ = against(IDLE=idle(then=talk))
    select(mailbox)
    assert wait(mailbox)
    assert mailbox.uids_after(0, 2) == ([1], 1)


def test_as_many_mails_as_before_are_no_news(against: Against) -> None:
    def talk(line: Line, said: str) -> None:
        line.says("* 1 EXISTS")
        assert line.hears() == "DONE"
        line.says(f"{said.partition(' ')[0]} OK done")

    mailbox, _ = against(IDLE=idle(then=talk))
    select(mailbox)
    assert not wait(mailbox, 0.3)


# --- TLS ------------------------------------------------------------------------------------------


def starttls(line: Line, said: str) -> None:
    line.says(f"{said.partition(' ')[0]} OK go on")
    line.encrypts()


OFFERED = "* CAPABILITY IMAP4rev1 STARTTLS IDLE"


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_mail_is_read_over_an_encrypted_line(against: Against, scheme: str) -> None:
    mailbox, far = against(scheme, ca=True, CAPABILITY=OFFERED, STARTTLS=starttls)
    select(mailbox)
    verbs = [line.split()[1] for line in far.heard]
    assert ("STARTTLS" in verbs) == (scheme == "imap+starttls")
    assert "STARTTLS" not in verbs or verbs.index("STARTTLS") < verbs.index("LOGIN")


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused(against: Against, scheme: str) -> None:
    mailbox, far = against(scheme, CAPABILITY=OFFERED, STARTTLS=starttls)
    with pytest.raises(Misconfigured, match="can't be verified: self-signed certificate"):
        select(mailbox)
    assert not any("LOGIN" in line for line in far.heard)


def test_a_certificate_for_another_name_is_refused() -> None:
    with FarEnd(imap(), tls=True) as far:
        given = config("imaps", far.port, ca_file=str(LOOPBACK))
        other = given.model_copy(update={"imap": f"imaps://127.0.0.2:{far.port}"})
        with pytest.raises(PluginError) as raised:
            Mailbox(other).select("INBOX", readonly=True)
        assert isinstance(raised.value, Misconfigured | Retry)
        assert not far.heard


@pytest.mark.parametrize("said", ["NO not now", "BAD x", None])
def test_starttls_that_is_refused_sends_no_password(against: Against, said: Reply) -> None:
    mailbox, far = against("imap+starttls", ca=True, CAPABILITY=OFFERED, STARTTLS=said)
    with pytest.raises(Retry):
        select(mailbox)
    assert not any("LOGIN" in line for line in far.heard)


def test_what_was_slipped_in_behind_starttls_is_not_believed(against: Against) -> None:
    """Text in clear behind the answer must not count as said over TLS (RFC 9051 §11.1)."""

    def injected(line: Line, said: str) -> None:
        tag = said.partition(" ")[0]
        line.says(f"{tag} OK go on\r\n* CAPABILITY IMAP4rev1 INJECTED")
        line.encrypts()

    mailbox, _ = against("imap+starttls", ca=True, CAPABILITY=OFFERED, STARTTLS=injected)
    try:
        select(mailbox)
    except Retry:
        return
    assert "INJECTED" not in mailbox._open().client.capabilities


def test_a_ca_file_that_is_none_is_told_before_anything_is_sent(against: Against) -> None:
    _, far = against()
    mailbox = Mailbox(config("imaps", far.port, ca_file="nowhere.pem"))
    with pytest.raises(Misconfigured, match=r"`ca_file` nowhere\.pem can't be read"):
        select(mailbox)
    assert far.connections == 0
