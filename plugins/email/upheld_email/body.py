"""The words of a mail, and its files: the part to read, its charset. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from upheld.plugin import Attachment
from upheld_email.charsets import decoded
from upheld_email.flowed import unflowed
from upheld_email.headers import Mime, clean, first, parameters
from upheld_email.headers import text as shown
from upheld_email.hypertext import from_html, harmless
from upheld_email.quotes import fresh

_LONGEST_NAME: Final = 120
#: A mail, or a report, within the mail.
_WITHIN: Final = frozenset(
    {"message/rfc822", "message/global", "message/global-headers", "message/global-delivery-status"}
)
_LOCKED: Final = {
    "application/pkcs7-mime": "S/MIME",
    "application/x-pkcs7-mime": "S/MIME",
    "application/pgp-encrypted": "PGP",
}
# What the library raises on parts that are too broken for it.
_BROKEN: Final = (MessageError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Words:
    """All of the text, what is new in it, and HTML that may be shown."""

    text: str
    fresh: str
    html: str | None = None


def words(mime: Mime, ours: frozenset[str] = frozenset()) -> Words:
    """What a mail says. Text comes of HTML for want of other; ``ours`` are our addresses."""
    said = [(part.get_content_type(), _words(part)) for part in leaves(mime) if not _is_file(part)]
    rich = [words for kind, words in said if kind == "text/html"]
    # Apple Mail cuts the text in pieces around its pictures.
    text = "\n".join(words for kind, words in said if kind == "text/plain")
    if not rich:
        text = text if text.strip() else _locked(mime) or text
        return Words(text, fresh(text, ours))
    html = harmless("\n".join(rich))
    if text.strip() and _alternatives(mime):
        return Words(text, fresh(text, ours), html)
    text, new = _in_order(said), _in_order(said, quotes=False)
    return Words(text, fresh(new if new.strip() else text, ours), html)


def _alternatives(mime: Mime) -> bool:
    """Whether its text and its HTML say the same; else a list has put its footer below, as text."""
    kind = mime.get_content_type()
    if not mime.is_multipart() or kind in _WITHIN:
        return False
    parts = (each for each in mime.get_payload() if isinstance(each, Mime))
    return kind == "multipart/alternative" or any(map(_alternatives, parts))


def _in_order(said: Iterable[tuple[str, str]], *, quotes: bool = True) -> str:
    return "\n".join(
        from_html(words, quotes=quotes) if kind == "text/html" else words
        for kind, words in said
        if words.strip()
    )


def _locked(mime: Mime) -> str:
    """What to say of a mail of which nobody here can read a word; "" where it is none."""
    kinds = (_LOCKED.get(part.get_content_type()) for part in leaves(mime))
    how = next(filter(None, kinds), None)
    return (
        f"[encrypted or sealed by {how}: it can't be read here, and lies in the mailbox]\n"
        if how
        else ""
    )


def attachments(mime: Mime) -> Iterator[Attachment]:
    """Every part that is a file, or that nobody can read as text."""
    for number, part in enumerate(leaves(mime), 1):
        if _is_file(part):
            data = payload(part)
            kind = clean(part.get_content_type())
            name = _file_name(part) or f"part-{number}"
            yield Attachment(str(number), name, kind, len(data), partial(_opened, data))


def leaves(mime: Mime) -> Iterator[Mime]:
    """The parts that hold something; a mail within the mail is one part."""
    pending = [mime]
    while pending:
        part = pending.pop(0)
        if not part.is_multipart() or part.get_content_type() in _WITHIN:
            yield part
        else:
            pending[:0] = [each for each in part.get_payload() if isinstance(each, Mime)]


def depth_and_parts(mime: Mime) -> tuple[int, int]:
    """How deep the mail is nested, and of how many parts it consists in all."""
    deepest, count, pending = 0, 0, [(mime, 1)]
    while pending:
        part, depth = pending.pop()
        deepest, count = max(deepest, depth), count + 1
        if part.is_multipart():
            pending += [(each, depth + 1) for each in part.get_payload() if isinstance(each, Mime)]
    return deepest, count


def payload(part: Mime) -> bytes:
    """The bytes of a part, as far as its encoding can be undone."""
    if part.is_multipart():
        return b"".join(_bytes(each) for each in part.get_payload() if isinstance(each, Mime))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _words(part: Mime) -> str:
    given = parameters(first(part, "Content-Type"))
    text = clean(decoded(payload(part), given.get("charset")))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.get_content_type() == "text/plain" and given.get("format", "").lower() == "flowed":
        return unflowed(text, delsp=given.get("delsp", "").lower() == "yes")
    return text


def _is_file(part: Mime) -> bool:
    how = first(part, "Content-Disposition").lower()
    if how.startswith("attachment") or part.get_content_type() not in {"text/plain", "text/html"}:
        return True
    return bool(how and _given_name(part))


def _bytes(mime: Mime) -> bytes:
    try:
        return mime.as_bytes()
    except _BROKEN:
        return b""  # too broken to be written again; the whole mail is kept anyway


def _file_name(part: Mime) -> str:
    """The base name: no folder of ours is anybody else's to name."""
    name = shown(_given_name(part)).replace("\\", "/")
    return PurePosixPath(name).name[-_LONGEST_NAME:].strip(". ")


def _given_name(part: Mime) -> str:
    try:
        return str(part.get_filename() or "")
    except _BROKEN:
        return ""  # pieces of a name (RFC 2231) that nobody can join


def _opened(data: bytes) -> BinaryIO:
    return io.BytesIO(data)
