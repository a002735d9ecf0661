"""The words of a mail: the part to read, its charset, HTML as text. Pure.

Quotes are not cut here: the text is all that came.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message as Mime
from functools import partial
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from upheld.plugin import Attachment
from upheld_email.headers import clean, decoded, first, parameters, text

_BLOCKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "pre", "hr"}
    | {"h1", "h2", "h3", "h4", "h5", "h6"}
)
# Not `head`: its end may be left out, and then all that follows would be gone.
_UNSEEN: Final = frozenset({"script", "style", "title"})
_CELLS: Final = frozenset({"td", "th"})
_LONGEST_NAME: Final = 120
# What the library raises on parts that are too broken for it.
_BROKEN: Final = (MessageError, ValueError, LookupError, TypeError, AttributeError)
# Nobody reads more, and the parser's time grows faster than the text.
_READABLE: Final = 500_000


def bodies(mime: Mime) -> tuple[str, str | None]:
    """Text, and HTML as it came: never show that unsanitised. Text comes of HTML for want of other."""
    parts = [part for part in leaves(mime) if not _is_file(part)]
    plain = [_words(part) for part in parts if part.get_content_type() == "text/plain"]
    rich = [_words(part) for part in parts if part.get_content_type() == "text/html"]
    # Apple Mail cuts the text in pieces around its pictures.
    words, html = "\n".join(plain), "\n".join(rich) if rich else None
    return words if words.strip() or html is None else from_html(html), html


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
        if part.get_content_type() == "message/rfc822" or not part.is_multipart():
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


def from_html(html: str) -> str:
    """HTML as text: paragraphs as lines, links with their target, no scripts."""
    reader = _Reader()
    reader.feed(html[:_READABLE])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0
        self._target = ""

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """``<![…``: the library gives up where it knows no such section, and it may be any mail's."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS or tag in _CELLS:
            self.pieces.append("\n" if tag in _BLOCKS else " ")
        if tag == "a":
            self._target = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS - {"br"}:
            self.pieces.append("\n")
        if tag == "a" and self._target.startswith(("http://", "https://")):
            self.pieces.append(f" <{self._target}>")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _words(part: Mime) -> str:
    charset = parameters(first(part, "Content-Type")).get("charset")
    return clean(decoded(payload(part), charset)).replace("\r\n", "\n").replace("\r", "\n")


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
    name = text(_given_name(part)).replace("\\", "/")
    return PurePosixPath(name).name[-_LONGEST_NAME:].strip(". ")


def _given_name(part: Mime) -> str:
    try:
        return str(part.get_filename() or "")
    except _BROKEN:
        return ""  # pieces of a name (RFC 2231) that nobody can join


def _opened(data: bytes) -> BinaryIO:
    return io.BytesIO(data)
