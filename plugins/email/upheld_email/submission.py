"""The SMTP side: hands a mail over, and tells what is certain about it.

Refused before the text went: nothing was sent. A lost connection after the final dot: nobody knows
(RFC 5321 §4.2.5); the repeat bears the same Message-ID, so that receivers can drop it.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from typing import Final, NoReturn

from upheld.plugin import Auth, Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld_email.config import EmailConfig, Endpoint, endpoint
from upheld_email.letter import POLICY
from upheld_email.line import connected, trusted, untrusted
from upheld_email.oauth import OAuth

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_DOT: Final = re.compile(rb"(?m)^\.")
_SHOWN: Final = 300
#: 5xx that say nothing of the recipient: we have sent enough for today (RFC 3463 §3.5, which Gmail means so;
#: Microsoft's list of errors in Exchange Online).
_ENOUGH: Final = frozenset({"5.4.5", "5.1.90", "5.7.232", "5.7.233"})
#: 5xx that say nothing of the recipient: we are not signed in (any more), or not in a way that is taken,
#: as passwords at Microsoft.
_NOT_SIGNED_IN: Final = frozenset({"5.7.30", "5.7.57"})
_STATUS: Final = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
_A_WHILE: Final = timedelta(minutes=15)
# How we introduce ourselves: the name of this machine is nobody's concern, and to look it up may
# take long (RFC 5321 §4.1.3: an address literal is as good).
_HELLO: Final = "[127.0.0.1]"


class Submission:
    """One SMTP connection, opened when first needed, kept, and opened again after an error."""

    def __init__(self, config: EmailConfig, oauth: OAuth | None = None) -> None:
        self._config, self._where, self._oauth = config, endpoint(config.smtp), oauth
        self._smtp: smtplib.SMTP | None = None

    def send(self, mail: EmailMessage, sender: str, to: str) -> str:
        """Hand it over; returns what the server said. Raises `Retry`, `Permanent`, `Auth`,
        `Misconfigured`, and `Unknown` where it may have been taken."""
        smtp = self._ready()
        try:
            self._envelope(smtp, sender, to)
            self._expect(smtp.docmd("DATA"), 354, to)
            smtp.send(_on_the_wire(mail))
        except OSError as error:
            self.close()
            raise Retry(f"{self._where} hung up before it had the mail", "") from error
        except PluginError:
            self.close()
            raise
        return self._answered(smtp, to)

    def takes(self, sender: str, to: str) -> str | None:
        """Whether it would take a mail for ``to``: None, or what it says against it. Sends nothing."""
        smtp = self._ready()
        try:
            self._envelope(smtp, sender, to)
            smtp.rset()
        except Permanent as error:
            self.close()
            return error.what
        except OSError as error:
            self.close()
            raise Retry(f"{self._where} hung up", "") from error
        return None

    def close(self) -> None:
        """Say goodbye, and let go in any case."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError):
                smtp.quit()
            smtp.close()

    # --- under the hood ---

    def _ready(self) -> smtplib.SMTP:
        """A connection that answers: servers hang up on those who are silent for minutes."""
        if self._smtp is not None:
            with suppress(OSError):
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            self.close()
        self._smtp = self._open()
        return self._smtp

    def _open(self) -> smtplib.SMTP:
        try:
            smtp = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise untrusted(self._where, error) from error
        except OSError as error:  # every error of smtplib is one
            what = f"{self._where} can't be reached ({type(error).__name__})"
            raise Retry(what, "look at the network") from error
        try:
            self._sign_in(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _connect(self) -> smtplib.SMTP:
        where, timeout = self._where, self._config.timeout
        if where.security == "plain":
            return _Plain(where.host, where.port, _HELLO, timeout)
        context = trusted(self._config.ca_file)
        if where.security == "tls":
            return _Tls(where.host, where.port, _HELLO, timeout=timeout, context=context)
        smtp = _Plain(where.host, where.port, _HELLO, timeout)
        try:
            _protect(smtp, where, context)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        try:
            if self._oauth is None:
                _log_in(smtp, self._config.login, self._config.secret)
            else:
                _by_token(smtp, self._oauth)
        except smtplib.SMTPAuthenticationError as error:
            if 400 <= error.smtp_code < 500:
                raise Retry(f"{self._where} lets nobody in just now", "") from None
            what = f"{self._where} refuses {self._config.way_in}"
            raise Auth(what, self._config.way_out) from None
        except smtplib.SMTPNotSupportedError:
            how = "password" if self._oauth is None else "access token (XOAUTH2)"
            what = f"{self._where} offers no sign-in by {how}"
            then = "use its submission port (587 or 465), with an app password or `oauth`"
            raise Misconfigured(what, then) from None
        except OSError as error:  # every error of smtplib is one
            kind = type(error).__name__
            raise Retry(f"{self._where} broke off while signing in ({kind})", "") from None

    def _envelope(self, smtp: smtplib.SMTP, sender: str, to: str) -> None:
        self._expect(smtp.mail(sender), 250, to)
        self._expect(smtp.rcpt(to), 250, to)

    def _answered(self, smtp: smtplib.SMTP, to: str) -> str:
        try:
            answer = smtp.getreply()
            if answer[0] < 0:
                raise smtplib.SMTPServerDisconnected("what it says is no answer")
        except OSError as error:
            self.close()
            what = f"{self._where} took the mail to {to}, but did not answer"
            raise Unknown(what, "send it again: it bears the same Message-ID") from error
        try:
            self._expect(answer, 250, to)
        except PluginError:
            self.close()
            raise
        return _said(answer)

    def _expect(self, answer: tuple[int, bytes], wanted: int, to: str) -> None:
        if answer[0] // 100 != wanted // 100:
            self._refused(answer, to)

    def _refused(self, answer: tuple[int, bytes], to: str) -> NoReturn:
        what = f"{self._where} refuses the mail to {to}: {_said(answer)}"
        status = _status(answer)
        if answer[0] in {530, 534, 535, 538} or status in _NOT_SIGNED_IN:
            raise Auth(what, self._config.way_out)
        if status in _ENOUGH:
            raise Retry(what, "wait: the limit is of 24 hours", after=_A_WHILE)
        if answer[0] >= 500:
            raise Permanent(what, "see what it says; another address or channel may do")
        if answer[0] < 0:
            raise Retry(f"{self._where} hung up before it had the mail", "")
        raise Retry(what, "nothing to do: it is tried again")


class _Plain(smtplib.SMTP):
    """smtplib over a line of ours."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected(host, port, timeout)


class _Tls(smtplib.SMTP_SSL):
    """The same, encrypted from its first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(connected(host, port, timeout), server_hostname=host)


def _protect(smtp: smtplib.SMTP, where: Endpoint, context: ssl.SSLContext) -> None:
    smtp.ehlo()
    if not smtp.has_extn("starttls"):
        what = f"{where} does not offer STARTTLS: the password was not sent"
        raise Misconfigured(what, "use smtps://, or ask who runs the server")
    smtp.starttls(context=context)


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    smtp.ehlo_or_helo_if_needed()
    offered = smtp.esmtp_features.get("auth", "").split()
    if not {"PLAIN", "LOGIN", "CRAM-MD5"} & set(offered):
        raise smtplib.SMTPNotSupportedError
    if (user + password).isascii():
        smtp.login(user, password)
        return
    # smtplib encodes secrets as ASCII; SASL PLAIN is UTF-8 (RFC 4616 §2).
    secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, said = smtp.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _by_token(smtp: smtplib.SMTP, oauth: OAuth) -> None:
    smtp.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError
    refused: list[smtplib.SMTPAuthenticationError] = []

    def attempt(answer: str) -> bool:
        try:
            # Refused, the server says why in a challenge of its own: to that goes an empty line.
            smtp.auth("XOAUTH2", lambda why=None: "" if why else answer)
        except smtplib.SMTPAuthenticationError as error:
            refused.append(error)
            return False
        return True

    if not oauth.sign_in(attempt):
        raise refused[-1]


def _on_the_wire(mail: EmailMessage) -> bytes:
    """Lines end in CRLF and nothing else, or one mail could be smuggled in another."""
    data = _LINE_END.sub(b"\r\n", mail.as_bytes(policy=POLICY))
    data = _DOT.sub(b"..", data)
    return data + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _status(answer: tuple[int, bytes]) -> str:
    """The enhanced status that an answer begins with (RFC 2034); "" where it has none."""
    found = _STATUS.match(answer[1])
    return found[0].decode() if found else ""


def _said(answer: tuple[int, bytes]) -> str:
    words = " ".join(answer[1].decode("utf-8", "replace").split())
    return f"{answer[0]} {words}"[:_SHOWN]
