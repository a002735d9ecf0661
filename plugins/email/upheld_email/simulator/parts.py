"""Pure pieces of the IMAP side: words of a command, sets of numbers, searches, attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from email import message_from_bytes
from typing import Final

from upheld_email.simulator.store import Stored

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_ATTRIBUTE: Final = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<size>\d+)>)?|[A-Z0-9.]+"
)

_FIELDS: Final = re.compile(r"HEADER\.FIELDS \(([^)]*)\)")


def words(text: str) -> list[str]:
    """The atoms and quoted strings of a command."""
    return [
        found[2] if found[2] is not None else re.sub(r"\\(.)", r"\1", found[1])
        for found in _WORD.finditer(text)
    ]


def numbers(which: str, there: Iterable[int]) -> set[int]:
    """The members of a set such as ``3,5:*`` that are there. ``n:*`` always has the last one."""
    known = sorted(there)
    if not known:
        return set()
    chosen: set[int] = set()
    for part in which.split(","):
        first, _, last = part.partition(":")
        ends = sorted(known[-1] if end == "*" else int(end) for end in (first, last or first))
        chosen |= {number for number in known if ends[0] <= number <= ends[1]}
    return chosen


def matching(mails: list[Stored], criteria: list[str]) -> list[Stored]:
    """A search: ALL, UID, SEEN, DELETED and what is not, HEADER, SINCE, all of which must hold."""
    found, rest = list(mails), [word.strip("()") for word in criteria]
    while rest:
        name = rest.pop(0).upper()
        if name == "CHARSET":
            rest.pop(0)
        elif name == "UID":
            chosen = numbers(rest.pop(0), [mail.uid for mail in mails])
            found = [mail for mail in found if mail.uid in chosen]
        elif name.removeprefix("UN") in {"SEEN", "DELETED"}:
            flag, wanted = f"\\{name.removeprefix('UN').title()}", not name.startswith("UN")
            found = [mail for mail in found if (flag in mail.flags) == wanted]
        elif name == "HEADER":
            header, value = rest.pop(0), rest.pop(0)
            found = [mail for mail in found if value in _header(mail, header)]
        elif name == "SINCE":
            day = _day(rest.pop(0))
            found = [mail for mail in found if mail.at.date() >= day]
    return found


def attributes(mail: Stored, wanted: str) -> tuple[bytes, bool]:
    """What FETCH says of a mail, and whether that marks it as seen."""
    parts, marks = [b"UID %d" % mail.uid], False
    for found in _ATTRIBUTE.finditer(wanted.upper()):
        if found["section"] is not None:
            parts.append(_body(mail, found))
            marks = marks or not found["peek"]
        elif found[0] == "FLAGS":
            parts.append(f"FLAGS ({' '.join(sorted(mail.flags))})".encode())
        elif found[0] == "INTERNALDATE":
            parts.append(f'INTERNALDATE "{internal_date(mail.at)}"'.encode())
        elif found[0] == "RFC822.SIZE":
            parts.append(b"RFC822.SIZE %d" % len(mail.raw))
    return b" ".join(parts), marks


def internal_date(at: datetime) -> str:
    """As IMAP writes it: `` 1-Dec-2026 12:00:00 +0000``."""
    return f"{at.day:2}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S %z}"


def _body(mail: Stored, found: re.Match[str]) -> bytes:
    section = found["section"]
    head, end, text = mail.raw.partition(b"\r\n\r\n")
    fields = _FIELDS.fullmatch(section)
    if fields is not None:
        data = b"".join(f"{name}: {_header(mail, name)}\r\n".encode() for name in fields[1].split())
        data += b"\r\n"
    else:
        data = {"HEADER": head + end, "TEXT": text}.get(section, mail.raw)
    origin = b""
    if found["start"] is not None:
        start = int(found["start"])
        data, origin = data[start : start + int(found["size"])], b"<%d>" % start
    return b"BODY[%s]%s {%d}\r\n%s" % (section.encode(), origin, len(data), data)


def _day(text: str) -> date:
    day, month, year = text.split("-")
    return date(int(year), _MONTHS.index(month.title()) + 1, int(day))


def _header(mail: Stored, name: str) -> str:
    return " ".join(message_from_bytes(mail.raw).get_all(name, []))
