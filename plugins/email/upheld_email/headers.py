"""Headers as they really come: raw, broken, in many charsets. Pure; nothing here raises.

The standard library's structured parser is not used for mail from outside: it raises on some
malformed headers, and it decodes before it parses, so that an encoded name could bring an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from functools import cached_property
from typing import Final

from upheld_email.charsets import decoded
from upheld_email.config import ADDRESS

_LONGEST: Final = 16_384
_FOLD: Final = re.compile(r"\r?\n[ \t]?")
_ANGLE: Final = re.compile(r"<([^<>]*)>")
_BETWEEN: Final = re.compile(r'[\s<>()\[\],;:"\\]+')
_STRUCTURE: Final = re.compile(r'["()]')
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,500}>")
# What no database takes and no reader sees: NUL and its kin, but not tab and line ends.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Mime(Message):
    """A mail, or a part of one, that nobody changes: what is asked again and again is found once."""

    _kind = ""

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """All headers as they came, topmost first, by their names in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in self.raw_items():
            found.setdefault(name.lower(), []).append(str(value))
        return found

    def get_content_type(self) -> str:
        """As ever; the library itself asks five times for each part."""
        self._kind = self._kind or super().get_content_type()
        return self._kind


def parsed(data: bytes) -> Mime:
    """The mail in these bytes, whatever they are."""
    return message_from_bytes(data, Mime)


def raw(mime: Mime, name: str, *, newest: bool = False) -> list[str]:
    """All headers of this name, topmost first, unfolded, not decoded, cut at 16 KB each.

    ``newest``: of one that grows at its end (References), the end is kept.
    """
    found = mime.by_name.get(name.lower())
    if found is None:
        return []
    kept = slice(-_LONGEST, None) if newest else slice(_LONGEST)
    return [_FOLD.sub(" ", value[kept]).strip() for value in found]


def first(mime: Mime, name: str) -> str:
    """The topmost header of this name, not decoded; "" where there is none."""
    return next(iter(raw(mime, name)), "")


def text(value: str) -> str:
    """A header for people: encoded words decoded (RFC 2047), one line, nothing unprintable."""
    try:
        pieces = decode_header(_eight_bit(value))
    except (HeaderParseError, ValueError, LookupError):
        pieces = [(_eight_bit(value), None)]
    joined = "".join(_piece(piece, charset) for piece, charset in pieces)
    return " ".join(clean(joined).split())


def _piece(piece: str | bytes, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    if charset is None:  # what stood beside encoded words, in the library's own escapes
        with suppress(UnicodeDecodeError):
            return piece.decode("raw-unicode-escape")
    return decoded(piece, charset)


def clean(value: str) -> str:
    """Without the control characters and lone surrogates that no database takes."""
    return _CONTROL.sub("", value)


def sole_address(value: str) -> tuple[str, str] | None:
    """Name and address of a header that has exactly one address, else None.

    Strict on purpose: what two parsers could read as two different senders has none.
    """
    bare = (unquoted(value) or "").strip()
    angles = _ANGLE.findall(bare)
    address = angles[0].strip() if len(angles) == 1 else bare
    around = _ANGLE.sub("", bare) if angles else ""
    if len(angles) > 1 or not ADDRESS.fullmatch(address):
        return None
    if any(other.lower() != address.lower() for other in addresses(around)):
        return None
    name = text(_ANGLE.sub("", value)).strip('" ') if angles else ""
    return name, clean(address)


def unquoted(value: str) -> str | None:
    """A header without its comments and quoted strings (RFC 5322 §3.2); None where one has no end.

    Senders choose what stands in them: whoever looks for structure must not look there.
    """
    return _outside(value) if _STRUCTURE.search(value) else value


def _outside(value: str) -> str | None:
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\" and (depth or quoted):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
            kept.append(" ")
        elif char in "()" and not quoted:
            depth += 1 if char == "(" else -1
        elif not depth and not quoted:
            kept.append(char)
        if depth < 0:
            return None
    return None if depth or quoted else "".join(kept)


def addresses(value: str) -> list[str]:
    """Every address in a header, in order, as written."""
    words = (word.strip("'") for word in _BETWEEN.split(value))
    return [clean(word) for word in words if ADDRESS.fullmatch(word)]


def message_ids(values: list[str]) -> Iterator[str]:
    """Every message id in these headers, in order, in their angle brackets."""
    for value in values:
        yield from (clean(found) for found in _MESSAGE_ID.findall(value))


def recipients(mime: Mime, names: Iterable[str]) -> list[str]:
    """The addresses in these headers, in order, once each."""
    found = (each for name in names for value in raw(mime, name) for each in addresses(value))
    return list(dict.fromkeys(found))


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header such as Content-Type, names in lower case, quotes taken off."""
    found = {}
    for part in value.split(";")[1:]:
        name, _, given = part.partition("=")
        found[name.strip().lower()] = given.strip().strip('"')
    return found


def report_of(mime: Mime) -> str:
    """The kind of a multipart/report (RFC 6522): ``delivery-status``, ``disposition-notification``."""
    if mime.get_content_type() != "multipart/report":
        return ""
    return parameters(first(mime, "Content-Type")).get("report-type", "").lower()


def _eight_bit(value: str) -> str:
    """Bytes beyond ASCII in a header."""
    if value.isascii():
        return value
    try:
        return decoded(value.encode("utf-8", "surrogateescape"), None)
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return clean(value)
