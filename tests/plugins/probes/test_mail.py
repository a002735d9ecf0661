"""The probes `smtp` and `imap`: greetings, and lines that are secured after them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.probes.conftest import Serving, made, reading
from upheld.plugin import Health, Reading
from upheld_probes.authority import serving as showing
from upheld_probes.mail import Imap, Smtp
from upheld_probes.simulator import IMAP, SMTP, Serve, Target

Heard = list[bytes]


def smtp(target: Target, **options: Any) -> Reading:
    return reading(Smtp, {"host": "127.0.0.1", "port": target.port, **options})


def imap(target: Target, **options: Any) -> Reading:
    return reading(Imap, {"host": "127.0.0.1", "port": target.port, "tls": "none", **options})


def talking(
    greeting: bytes, replies: dict[bytes, bytes], heard: Heard, tls: ssl.SSLContext
) -> Serve:
    """Greets, answers each line by its last word, and goes over to TLS when that is agreed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        async for said in reader:
            heard.append(said.strip())
            word = said.split()[-1]
            writer.write(replies.get(word, b""))
            await writer.drain()
            if word == b"STARTTLS" and replies[word] in AGREED:
                await writer.start_tls(tls)

    return serve


AGREED = {b"220 go ahead\r\n", b"* noise\r\nu1 OK begin\r\n"}
SMTP_REPLIES = {
    b"probe.invalid": b"250-mail.acme.example\r\n250 STARTTLS\r\n",
    b"STARTTLS": b"220 go ahead\r\n",
}
IMAP_REPLIES = {b"STARTTLS": b"* noise\r\nu1 OK begin\r\n"}


@pytest.mark.parametrize(
    ("look", "script", "greeting"),
    [(smtp, SMTP, "220-mail.acme.example"), (imap, IMAP, "* OK mail.acme.example ready")],
)
def test_a_server_that_greets_is_up(
    serving: Serving, look: Callable[..., Reading], script: Any, greeting: str
) -> None:
    target = serving(script.serve("WELL"))
    seen = look(target)
    assert (seen.state, seen.detail) == (Health.UP, greeting)
    assert look(target, expect="acme.example").state is Health.UP
    other = look(target, expect="other.example")
    assert (other.state, other.detail) == (
        Health.DOWN,
        f"it said {greeting!r}, without 'other.example'",
    )


@pytest.mark.parametrize(
    ("look", "said", "detail"),
    [
        (smtp, b"554 no service here\r\n", "it said '554 no service here', wanted 220"),
        (smtp, b"421 too busy\r\n", "it said '421 too busy', wanted 220"),
        (smtp, b"SSH-2.0-OpenSSH\r\n", "it said 'SSH-2.0-OpenSSH', which is no SMTP"),
        (smtp, b"220-a\r\n" * 200, "its reply has no end"),
        (smtp, b"220-a\r\n220", "it ended its answer half way"),
        (smtp, b"2" * 50_000, "it says a line without end"),
        (smtp, b"", "it ended its answer half way"),
        (imap, b"* BYE too many of you\r\n", "it said '* BYE too many of you', wanted * OK"),
        (imap, b"* OKAY\r\n", "it said '* OKAY', wanted * OK"),
        (imap, b"+OK POP3 ready\r\n", "it said '+OK POP3 ready', wanted * OK"),
        (imap, b"* OK " + b"k" * 50_000, "it says a line without end"),
    ],
)
def test_one_that_says_something_else_is_down(
    serving: Serving, look: Callable[..., Reading], said: bytes, detail: str
) -> None:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    seen = look(serving(say))
    assert seen.state is Health.DOWN
    assert seen.detail == detail


@pytest.mark.parametrize(
    ("look", "greeting", "replies", "said"),
    [
        (
            smtp,
            b"220 mail\r\n",
            SMTP_REPLIES,
            [b"EHLO probe.invalid", b"STARTTLS", b"QUIT"],
        ),
        (imap, b"* OK mail\r\n", IMAP_REPLIES, [b"u1 STARTTLS", b"u2 LOGOUT"]),
    ],
)
def test_a_line_is_secured_after_the_greeting(
    serving: Serving,
    pem: str,
    look: Callable[..., Reading],
    greeting: bytes,
    replies: dict[bytes, bytes],
    said: list[bytes],
) -> None:
    heard: Heard = []
    target = serving(talking(greeting, replies, heard, showing(pem)))
    seen = look(target, tls="starttls", ca=pem)
    assert (seen.state, seen.detail) == (Health.UP, greeting.decode().strip())
    assert target.taken == 1
    assert heard[: len(said) - 1] == said[:-1]


@pytest.mark.parametrize(
    ("look", "greeting", "replies"),
    [(smtp, b"220 mail\r\n", SMTP_REPLIES), (imap, b"* OK mail\r\n", IMAP_REPLIES)],
)
def test_its_certificate_ends_soon(
    serving: Serving,
    tmp_path: Path,
    look: Callable[..., Reading],
    greeting: bytes,
    replies: dict[bytes, bytes],
) -> None:
    short = made(tmp_path / "short", datetime.now(UTC) + timedelta(days=3, hours=1))
    after = serving(talking(greeting, replies, [], showing(short)))
    first = serving(talking(greeting, replies, [], showing(short)), showing(short))
    for target, tls in ((after, "starttls"), (first, "implicit")):
        seen = look(target, tls=tls, ca=short)
        assert seen.state is Health.DEGRADED
        assert seen.detail.startswith("certificate of 127.0.0.1 ends in 3 days")


@pytest.mark.parametrize(
    ("look", "greeting", "refusal", "detail"),
    [
        (
            smtp,
            b"220 mail\r\n",
            {**SMTP_REPLIES, b"STARTTLS": b"454 not now\r\n"},
            "it said '454 not now', wanted 220",
        ),
        (
            imap,
            b"* OK mail\r\n",
            {b"STARTTLS": b"u1 BAD what?\r\n"},
            "it said 'u1 BAD what?' to STARTTLS",
        ),
        (imap, b"* OK mail\r\n", {b"STARTTLS": b"* noise\r\n" * 200}, "it does not answer"),
    ],
)
def test_one_that_secures_no_line_is_down(
    serving: Serving,
    pem: str,
    look: Callable[..., Reading],
    greeting: bytes,
    refusal: dict[bytes, bytes],
    detail: str,
) -> None:
    target = serving(talking(greeting, refusal, [], showing(pem)))
    seen = look(target, tls="starttls", ca=pem)
    assert seen.state is Health.DOWN
    assert seen.detail.startswith(detail)


def test_a_certificate_that_nobody_knows_is_down(serving: Serving, pem: str) -> None:
    target = serving(talking(b"220 mail\r\n", SMTP_REPLIES, [], showing(pem)))
    seen = smtp(target, tls="starttls")
    assert seen.state is Health.DOWN
    assert seen.detail.startswith("its certificate can't be trusted")


# --- the real ones --------------------------------------------------------------------------------


@pytest.fixture
def real() -> dict[str, int]:
    """Postfix and Dovecot, where scripts/mail-servers has started them: their ports by name."""
    folder = os.environ.get("UPHELD_TEST_MAIL")
    if folder is None:
        pytest.skip("UPHELD_TEST_MAIL names no mail servers")
    lines = Path(folder, "ports").read_text(encoding="ascii").split()
    return {name: int(port) for name, _, port in (line.partition("=") for line in lines)}


@pytest.mark.parametrize(
    ("look", "port", "tls", "greeting"),
    [
        (smtp, "smtp", "none", "220 mx.upheld.test ESMTP Postfix"),
        (smtp, "smtp", "starttls", "220 mx.upheld.test ESMTP Postfix"),
        (smtp, "smtps", "implicit", "220 mx.upheld.test ESMTP Postfix"),
        (imap, "imap", "none", "* OK [CAPABILITY IMAP4rev1"),
        (imap, "imap", "starttls", "* OK [CAPABILITY IMAP4rev1"),
        (imap, "imaps", "implicit", "* OK [CAPABILITY IMAP4rev1"),
    ],
)
def test_postfix_and_dovecot_are_up_and_their_certificates_are_read(
    real: dict[str, int], look: Callable[..., Reading], port: str, tls: str, greeting: str
) -> None:
    """Their certificate is made for thirty days."""
    target: Any = SimpleNamespace(port=real[port])
    trusted = str(Path(os.environ["UPHELD_TEST_MAIL"], "certificate.pem"))
    seen = look(target, tls=tls, ca=trusted)
    assert seen.state is Health.UP
    assert seen.detail.startswith(greeting)
    soon = look(target, tls=tls, ca=trusted, certificate_days=31)
    assert soon.state is (Health.UP if tls == "none" else Health.DEGRADED)
