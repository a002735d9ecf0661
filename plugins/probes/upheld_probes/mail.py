"""The probes `smtp` and `imap`: a mail server greets, and secures the line where it should."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from upheld.plugin import Probe, Reading
from upheld_probes.config import ImapConfig, MailConfig, SmtpConfig, Tls
from upheld_probes.line import Line, Place, heard, line, trusting
from upheld_probes.reading import Attempt, now, read
from upheld_probes.verdict import Seen, down, end_of, ending, plain, up

_MOST_LINES: Final = 100
_CODE: Final = re.compile(r"[0-9]{3}([ -]|$)")


class Smtp(Probe[SmtpConfig]):
    """Is greeted by a server that takes mail (RFC 5321), and sends none."""

    name = "smtp"
    Config = SmtpConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: SmtpConfig, deadline: timedelta) -> Reading:
        """One connection."""
        return await read(self.name, deadline, target.slow_after, lambda look: _smtp(target, look))


class Imap(Probe[ImapConfig]):
    """Is greeted by a server that holds mailboxes (RFC 9051), and does not sign in."""

    name = "imap"
    Config = ImapConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: ImapConfig, deadline: timedelta) -> Reading:
        """One connection."""
        return await read(self.name, deadline, target.slow_after, lambda look: _imap(target, look))


async def _smtp(target: SmtpConfig, attempt: Attempt) -> Seen:
    tls = trusting(target.ca) if target.tls is not Tls.NONE else None
    place = Place(target.host, target.port, target.private)
    async with line(place, attempt, tls if target.tls is Tls.IMPLICIT else None) as opened:
        attempt.doing = "waiting for the greeting"
        greeting = await _replied(opened, "220")
        if tls is not None and target.tls is Tls.STARTTLS:
            attempt.doing = "waiting for TLS"
            opened[1].write(b"EHLO probe.invalid\r\n")
            await _replied(opened, "250")
            opened[1].write(b"STARTTLS\r\n")
            await _replied(opened, "220")
            await opened[1].start_tls(tls, server_hostname=target.host)
        opened[1].write(b"QUIT\r\n")
        return _greeted(target, greeting, opened)


async def _replied(opened: Line, wanted: str) -> str:
    """The first line of a reply, which has this code."""
    first = ""
    for _ in range(_MOST_LINES):
        said = await heard(opened)
        first = first or said
        if _CODE.match(said) is None:
            raise down(f"it said {plain(said)!r}, which is no SMTP")
        if first[:3] != wanted:
            raise down(f"it said {plain(first)!r}, wanted {wanted}")
        if said[3:4] != "-":
            return first
    raise down("its reply has no end")


async def _imap(target: ImapConfig, attempt: Attempt) -> Seen:
    tls = trusting(target.ca) if target.tls is not Tls.NONE else None
    place = Place(target.host, target.port, target.private)
    async with line(place, attempt, tls if target.tls is Tls.IMPLICIT else None) as opened:
        attempt.doing = "waiting for the greeting"
        greeting = await heard(opened)
        if re.match(r"\* (OK|PREAUTH)\b", greeting, re.IGNORECASE) is None:
            raise down(f"it said {plain(greeting)!r}, wanted * OK")
        if tls is not None and target.tls is Tls.STARTTLS:
            attempt.doing = "waiting for TLS"
            opened[1].write(b"u1 STARTTLS\r\n")
            await _tagged(opened)
            await opened[1].start_tls(tls, server_hostname=target.host)
        opened[1].write(b"u2 LOGOUT\r\n")
        return _greeted(target, greeting, opened)


async def _tagged(opened: Line) -> None:
    """It says yes to what was asked."""
    for _ in range(_MOST_LINES):
        said = await heard(opened)
        if said.upper().startswith("U1 OK"):
            return
        if said.startswith("u1 "):
            raise down(f"it said {plain(said)!r} to STARTTLS")
    raise down("it does not answer STARTTLS")


def _greeted(target: MailConfig, greeting: str, opened: Line) -> Seen:
    if target.expect is not None and target.expect not in greeting:
        raise down(f"it said {plain(greeting)!r}, without {plain(target.expect)!r}")
    ends = end_of(opened[1].get_extra_info("peercert"))
    return up(greeting).but(ending(target.host, ends, now(), target.certificate_days))
