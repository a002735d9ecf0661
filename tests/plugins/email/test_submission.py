"""Handing a mail over to servers of every kind: what is certain, and what the password never meets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeAlias

import pytest
from pydantic import SecretStr

from tests.plugins.email.conftest import NOON
from tests.plugins.email.scripted import LOOPBACK, FarEnd, Line, Reply, smtp
from upheld.plugin import (
    Address,
    Auth,
    Channel,
    Misconfigured,
    Outgoing,
    Permanent,
    PluginError,
    Retry,
    Unknown,
)
from upheld_email.config import EmailConfig
from upheld_email.letter import Writer
from upheld_email.submission import Submission
from upheld_email.threads import Tokens

OUR, PAT = "support@magnolia.example", "pat@acme.example"
SECRET = "s3cret-canary"
MAIL = Writer(Tokens(b"k" * 32, OUR), "stage").compose(
    Outgoing("C7", "x", "one\n.\n..two\n"), Address(Channel.MAIL, PAT), "k", NOON
)
Given: TypeAlias = Callable[..., tuple[Submission, FarEnd]]


def config(scheme: str, port: int, **changed: Any) -> EmailConfig:
    given = {"address": OUR, "imap": "imap://127.0.0.1", "password": SecretStr(SECRET)}
    server = {"smtp": f"{scheme}://127.0.0.1:{port}", "timeout": 1}
    return EmailConfig(**(given | server | changed))


@pytest.fixture
def against() -> Iterator[Given]:
    """A submission and the far end that it talks to."""
    with ExitStack() as stack:

        def made(
            scheme: str = "smtp", *, user: str | None = None, ca: bool = False, **said: Reply
        ) -> tuple[Submission, FarEnd]:
            far = stack.enter_context(FarEnd(smtp(**said), tls=scheme == "smtps"))
            ca_file = str(LOOPBACK) if ca else None
            submission = Submission(config(scheme, far.port, user=user, ca_file=ca_file))
            stack.callback(submission.close)
            return submission, far

        yield made


def starttls(line: Line, _said: str) -> None:
    line.says("220 go on")
    line.encrypts()


OFFERED = "250-far\r\n250-STARTTLS\r\n250 AUTH PLAIN"


# --- what is certain ------------------------------------------------------------------------------


def test_a_mail_that_is_taken_gives_what_the_server_said(against: Given) -> None:
    submission, far = against(DOT="250 2.0.0 queued as 42")
    assert submission.send(MAIL, OUR, PAT) == "250 2.0.0 queued as 42"
    assert f"mail FROM:<{OUR}>" in far.heard
    assert f"rcpt TO:<{PAT}>" in far.heard


def test_dots_are_doubled_so_that_the_mail_does_not_end_early(against: Given) -> None:
    submission, far = against()
    submission.send(MAIL, OUR, PAT)
    body = far.heard[far.heard.index("") + 1 :]
    assert body[:4] == ["one", "..", "...two", "."]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("550 5.1.1 nobody here", Permanent),
        ("552 too big", Permanent),
        ("550 5.4.5 Daily user sending limit exceeded", Retry),
        ("550 5.7.233 your tenant exceeded its daily limit", Retry),
        ("550 5.7.30 basic authentication is retired", Auth),
        ("421 busy", Retry),
        ("451 greylisted", Retry),
        ("530 5.7.0 sign in first", Auth),
    ],
)
def test_a_refusal_has_its_class_by_its_code_at_every_step(
    against: Given, step: str, said: str, error: type[PluginError]
) -> None:
    submission, _ = against(**{step: said})
    with pytest.raises(error, match=f"refuses the mail to {PAT}: {said}") as raised:
        submission.send(MAIL, OUR, PAT)
    assert raised.type is error
    assert raised.value.do_next


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("said", [None, "garbage"])
def test_before_the_text_went_nothing_was_sent(against: Given, step: str, said: str | None) -> None:
    submission, _ = against(**{step: said})
    with pytest.raises(Retry, match="hung up before it had the mail"):
        submission.send(MAIL, OUR, PAT)


@pytest.mark.parametrize("said", [None, "garbage", "250" + "x" * 9000])
def test_after_the_final_dot_nobody_knows(against: Given, said: str | None) -> None:
    submission, _ = against(DOT=said)
    with pytest.raises(Unknown, match="took the mail"):
        submission.send(MAIL, OUR, PAT)


def test_a_server_that_says_nothing_after_the_final_dot_is_left_in_time(
    against: Given,
) -> None:
    submission, _ = against(DOT=lambda line, _: line.says_nothing())
    began = time.monotonic()
    with pytest.raises(Unknown):
        submission.send(MAIL, OUR, PAT)
    assert time.monotonic() - began < 3


def test_after_a_failure_the_next_mail_has_a_new_connection(against: Given) -> None:
    submission, far = against(DOT="451 later")
    for _ in range(2):
        with pytest.raises(Retry):
            submission.send(MAIL, OUR, PAT)
    assert far.connections == 2


def test_a_connection_that_works_is_kept(against: Given) -> None:
    submission, far = against()
    for _ in range(3):
        submission.send(MAIL, OUR, PAT)
    assert far.connections == 1


def test_a_long_refusal_is_cut(against: Given) -> None:
    submission, _ = against(RCPT="550 " + "x" * 5000)
    with pytest.raises(Permanent) as raised:
        submission.send(MAIL, OUR, PAT)
    assert len(str(raised.value)) < 600


# --- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize("greeting", [None, "554 not you", "421 busy", "garbage", "HTTP/1.1 400"])
def test_a_server_that_does_not_greet_is_tried_again(against: Given, greeting: Reply) -> None:
    submission, _ = against(GREETING=greeting)
    with pytest.raises(Retry, match=r"can't be reached \(SMTP"):
        submission.send(MAIL, OUR, PAT)


def test_the_name_of_this_machine_is_nobody_s_concern(against: Given) -> None:
    submission, far = against()
    submission.send(MAIL, OUR, PAT)
    assert "ehlo [127.0.0.1]" in far.heard


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("535 5.7.8 wrong", Auth),
        ("550 5.7.30 basic authentication is retired", Auth),
        ("454 4.7.0 not now", Retry),
        (None, Retry),
    ],
)
@pytest.mark.parametrize("user", [None, "süpport"])
def test_a_sign_in_that_fails_has_its_class_and_shows_no_password(
    against: Given, said: Reply, error: type[PluginError], user: str | None
) -> None:
    submission, _ = against(user=user, AUTH=said)
    with pytest.raises(error) as raised:
        submission.send(MAIL, OUR, PAT)
    shown = f"{raised.value} {raised.value!r} {raised.value.__cause__!r} {vars(submission)!r}"
    assert SECRET not in shown


@pytest.mark.parametrize("offered", ["250 far", "250-far\r\n250 AUTH XOAUTH2"])
def test_a_server_without_sign_in_by_password_gets_none(against: Given, offered: str) -> None:
    submission, far = against(EHLO=offered)
    with pytest.raises(Misconfigured, match="offers no sign-in by password"):
        submission.send(MAIL, OUR, PAT)
    assert not any(line.upper().startswith("AUTH") for line in far.heard)


# --- TLS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_mail_goes_over_an_encrypted_line(against: Given, scheme: str) -> None:
    plain: list[str] = []

    def secured(line: Line, said: str) -> None:
        plain.extend(far.heard)
        starttls(line, said)

    submission, far = against(scheme, ca=True, EHLO=OFFERED, STARTTLS=secured)
    assert submission.send(MAIL, OUR, PAT).startswith("250")
    assert [line.partition(" ")[0] for line in plain] in (["ehlo", "STARTTLS"], [])


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused(against: Given, scheme: str) -> None:
    submission, far = against(scheme, EHLO=OFFERED, STARTTLS=starttls)
    with pytest.raises(Misconfigured, match="can't be verified: self-signed certificate"):
        submission.send(MAIL, OUR, PAT)
    assert not any("AUTH" in line.upper().split() for line in far.heard)


@pytest.mark.parametrize(
    ("ehlo", "said", "error"),
    [
        ("250-far\r\n250 AUTH PLAIN", "220 go on", Misconfigured),
        (OFFERED, "454 not now", Retry),
        (OFFERED, "garbage", Retry),
        (OFFERED, None, Retry),
    ],
)
def test_without_starttls_the_password_stays_here(
    against: Given, ehlo: str, said: Reply, error: type[PluginError]
) -> None:
    submission, far = against("smtp+starttls", ca=True, EHLO=ehlo, STARTTLS=said)
    with pytest.raises(error):
        submission.send(MAIL, OUR, PAT)
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in far.heard)


def test_what_was_offered_in_clear_does_not_count_after_starttls(against: Given) -> None:
    """Somebody in between could have written it (RFC 3207 §4.2)."""
    offers = iter(["250-far\r\n250-STARTTLS\r\n250 AUTH PLAIN", "250 far"])
    submission, far = against(
        "smtp+starttls", ca=True, EHLO=lambda line, _: line.says(next(offers)), STARTTLS=starttls
    )
    with pytest.raises(Misconfigured, match="offers no sign-in"):
        submission.send(MAIL, OUR, PAT)
    assert not any(line.startswith("AUTH") for line in far.heard)


def test_tls_to_a_server_that_speaks_in_clear_is_tried_again(against: Given) -> None:
    _, far = against()
    with pytest.raises(Retry, match="can't be reached"):
        Submission(config("smtps", far.port)).send(MAIL, OUR, PAT)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_told_before_anything_is_sent(
    against: Given, tmp_path: Any, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    _, far = against()
    submission = Submission(config("smtps", far.port, ca_file=str(file)))
    with pytest.raises(Misconfigured, match=r"`ca_file` .*ca\.pem can't be read as certificates"):
        submission.send(MAIL, OUR, PAT)
    assert far.connections == 0


# --- asking without sending -----------------------------------------------------------------------


def test_asking_sends_nothing(against: Given) -> None:
    submission, far = against()
    assert submission.takes(OUR, PAT) is None
    assert not any(line.upper() == "DATA" for line in far.heard)


def test_what_is_asked_and_refused_is_told(against: Given) -> None:
    submission, _ = against(RCPT="550 nobody here")
    assert "550 nobody here" in (submission.takes(OUR, PAT) or "")


@pytest.mark.parametrize("said", ["451 later", None])
def test_a_refusal_for_now_is_no_answer(against: Given, said: Reply) -> None:
    submission, _ = against(RCPT=said)
    with pytest.raises(Retry):
        submission.takes(OUR, PAT)
