"""What an IMAP server answers (RFC 9051 §7.5), as records of ours. Pure.

``Answers`` are imaplib's: a line, or a pair of what announces a literal and the literal itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import zip_longest
from operator import attrgetter
from typing import Any, Final, TypeAlias

Answers: TypeAlias = Sequence[Any]

_MONTHS: Final = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE: Final = re.compile(
    rb'INTERNALDATE "[ ]*(\d+)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
# A text may also come as a quoted string, or as nothing at all (§9, nstring).
_SHORT: Final = re.compile(rb'BODY\[\](?:<\d+>)? (?:NIL|"((?:[^"\\]|\\.)*)")')


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a mail before it is fetched. ``at``: when the server got it."""

    uid: int
    size: int
    at: datetime | None


def envelopes(answers: Answers) -> list[Envelope]:
    """Size and date of each mail, once, by UID; what else the server tells meanwhile is passed over.

    (What came before a command failed, imaplib gives with the next.)
    """
    lines = [answer for answer in answers if isinstance(answer, bytes)]
    found = {
        int(uid[1]): Envelope(int(uid[1]), int(size[1]), internal_date(line))
        for line in lines
        if (uid := _UID.search(line)) and (size := _SIZE.search(line))
    }
    return sorted(found.values(), key=attrgetter("uid"))


def mails(answers: Answers) -> dict[int, bytes]:
    """The whole mails in FETCH answers. The UID may stand before the literal or behind it.

    Where the connection ends within a literal, imaplib keeps what came: that is no mail.
    """
    found = {}
    for answer, behind in zip_longest(answers, answers[1:]):
        if isinstance(answer, tuple) and answer[0].endswith(b"{%d}" % len(answer[1])):
            said = answer[0] + b" " + (behind if isinstance(behind, bytes) else b"")
            text: bytes | None = answer[1]
        else:
            said = answer if isinstance(answer, bytes) else b""
            text = _short(said)
        uid = _UID.search(said)
        if uid is not None and text is not None:
            found[int(uid[1])] = text
    return found


def number(found: Answers | None) -> int:
    """The number in the last of some answers; 0 where there is none."""
    digits = re.search(rb"\d+", found[-1]) if found and found[-1] else None
    return int(digits[0]) if digits else 0


def internal_date(line: bytes) -> datetime | None:
    """When the server got a mail, in UTC; None where it doesn't say, or nothing that can be."""
    found = _DATE.search(line)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(found[2].lower()) + 1
    ahead = timedelta(hours=int(found[8]), minutes=int(found[9]))
    day, year, hour, minute, second = (int(found[each]) for each in (1, 3, 4, 5, 6))
    try:
        zone = timezone(-ahead if found[7] == b"-" else ahead)
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _short(said: bytes) -> bytes | None:
    found = _SHORT.search(said)
    return None if found is None else re.sub(rb"\\(.)", rb"\1", found[1] or b"")


def groups(envelopes: list[Envelope], most: int, biggest: int) -> Iterator[list[Envelope]]:
    """Runs of mails of ``most`` bytes together; one of more than ``biggest`` stands alone, and one
    whose size nobody knows."""

    def lone(size: int) -> bool:
        return not 0 < size <= biggest

    group: list[Envelope] = []
    held = 0
    for envelope in envelopes:
        alone = lone(envelope.size) or (group and lone(group[-1].size))
        if group and (alone or held + envelope.size > most):
            yield group
            group, held = [], 0
        group.append(envelope)
        held += envelope.size
    if group:
        yield group
