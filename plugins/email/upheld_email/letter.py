"""Messages as mail: headers, envelope, markers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from upheld.plugin import Address, Outgoing, Permanent
from upheld_email.config import ADDRESS
from upheld_email.headers import clean, text
from upheld_email.threads import Tokens, bare_id, digest

# RFC 5322 bounds a line, not the chain; some servers refuse headers beyond a few KB.
_CHAIN: Final = 20
_LONGEST_NAME: Final = 200
_IDS: Final = frozenset({"message-id", "in-reply-to", "references"})
#: What turns the text around it, so that it reads otherwise than it is (Unicode TR36 §3.4). Right-to-left
#: letters need none of them.
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MEDIA_TYPE: Final = re.compile(r"(?a:(application|audio|image|text|video)/[\w.+-]{1,100})")


class _Folding(policy.EmailPolicy):
    """Writes the headers of people and of ids by itself, each of them ASCII.

    Where the library folds it loses blanks between encoded words, cuts a long address in two, and
    writes a long id as an encoded word, which nobody knows as an id (RFC 2047 §5 forbids it there).
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as bytes, lines of 78 characters at most where that can be."""
        kind = name.lower()
        if kind in _IDS:
            folded = "\r\n ".join(value.split())
        elif kind == "subject":
            folded = _words(str(value), name)
        elif addresses := getattr(value, "addresses", ()):
            folded = _person(addresses[0], name)
        else:
            return super().fold_binary(name, value)
        return f"{name}: {folded}\r\n".encode("ascii")


def _words(value: str, header: str) -> str:
    charset = None if value.isascii() else "utf-8"
    return Header(value, charset, maxlinelen=76, header_name=header).encode(linesep="\r\n")


def _person(who: MailAddress, header: str) -> str:
    if str(who).isascii():
        return str(who)
    return f"{_words(who.display_name, header)}\r\n <{who.addr_spec}>"


# 7 bit: no server on the way has to convert it, and no signature breaks.
POLICY: Final = _Folding(cte_type="7bit", linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Writer:
    """All that a mail says of us. ``plus``: whether plus-addresses of the mailbox work."""

    tokens: Tokens = field(repr=False)
    site: str
    name: str = ""
    plus: bool = True
    null_sender: bool = True

    def message_id(self, message: Outgoing, key: str) -> str:
        """The same ``key`` gives the same id, so that a receiver can drop a repeat."""
        return self.tokens.message_id(message.thread, digest(key, self.site))

    def envelope_sender(self, message: Outgoing, key: str) -> str:
        """Who hears of a bounce: nobody for an answer by itself (RFC 3834 §3.3), else the thread."""
        if message.automatic and self.null_sender:
            return ""
        if not self.plus:
            return self.tokens.address
        return self.tokens.plus_address(message.thread, digest(key, self.site))

    def compose(self, message: Outgoing, to: Address, key: str, at: datetime) -> EmailMessage:
        """The mail for ``to``; `Permanent` where a header would not be what it says."""
        _refuse_injection(message, to)
        mail = EmailMessage(policy=POLICY)
        mail["Date"] = format_datetime(at)
        mail["From"] = _header_address(self.tokens.address, self.name)
        mail["To"] = _header_address(to.value, to.name)
        mail["Subject"] = _plain(message.subject)
        mail["Message-ID"] = self.message_id(message, key)
        if self.plus and message.thread:
            mail["Reply-To"] = self.tokens.plus_address(message.thread)
        for header, value in (_chain(message.reply_to) | _markers(message, self.site)).items():
            mail[header] = value
        _fill(mail, message)
        return mail


def wire_address(value: str) -> str:
    """An address as SMTP and headers take it: the domain in ASCII (RFC 5891); `Permanent`."""
    import idna

    local, _, domain = value.rpartition("@")
    try:
        wired = (
            f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
        )
    except UnicodeError:
        wired = ""
    if not ADDRESS.fullmatch(wired) or not wired.isascii():
        raise Permanent(f"{value!r} is no mail address", "correct it in the directory")
    return wired


def _refuse_injection(message: Outgoing, to: Address) -> None:
    lines = (message.subject, to.name, to.value, message.thread, *message.reply_to)
    if any("\r" in line or "\n" in line for line in lines):
        what = "a line break stands where a header goes (subject, name, address or reference)"
        raise Permanent(what, "see where the value came from, and correct it")


def _header_address(value: str, name: str) -> MailAddress:
    local, _, domain = wire_address(value).rpartition("@")
    return MailAddress(_plain(name)[:_LONGEST_NAME], local, domain)


def _plain(value: str) -> str:
    """One line of text. What looks like an encoded word is decoded once, and never again: the
    library would decode it, and could find a line break in it."""
    return _straight(text(value)).replace("=?", "= ?")


def _straight(value: str) -> str:
    """What reads as it is written."""
    return _TURNS.sub("", clean(value))


def _chain(reply_to: tuple[str, ...]) -> dict[str, str]:
    found = (bare_id(handle) for handle in reply_to)
    ids = [each for each in found if each is not None and each.isascii()]
    if not ids:
        return {}
    kept = ids if len(ids) <= _CHAIN else [ids[0], *ids[1 - _CHAIN :]]
    return {"In-Reply-To": ids[-1], "References": " ".join(kept)}


def _markers(message: Outgoing, site: str) -> dict[str, str]:
    """What tells other machines that a machine wrote this (RFC 3834 §5; [MS-OXCMAIL] for Exchange)."""
    marks = {
        "Auto-Submitted": "auto-replied" if message.automatic else "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Loop": site,
    }
    return marks | ({"Precedence": "bulk"} if message.automatic else {})


def _fill(mail: EmailMessage, message: Outgoing) -> None:
    mail.set_content(_straight(message.text), charset="utf-8")
    if message.html is not None:
        mail.add_alternative(_straight(message.html), subtype="html", charset="utf-8")
    for each in message.attachments:
        # A mail or a multipart would have to be one; as bytes it is a file like any other.
        known = _MEDIA_TYPE.fullmatch(each.media_type)
        main, _, sub = (known[0] if known else "application/octet-stream").partition("/")
        with each.open() as file:
            data = file.read()
        mail.add_attachment(data, maintype=main, subtype=sub, filename=_plain(each.name))
