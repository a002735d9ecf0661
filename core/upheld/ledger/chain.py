"""The hash chain of a subject: over the bytes that are stored, not over what they mean.

digest = SHA-256(salt + payload); link = SHA-256(previous link + header), the header being the
event's columns and its digest, each with its length in characters before it. Who and what are in
the payload alone, so that erasing it erases the person; without the salt, a digest can't be tried
against guesses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from upheld.calendar.instant import Instant
from upheld.case.codec import decode, encode
from upheld.case.events import Actor, Event, Side
from upheld.ledger.part import dump
from upheld.ledger.records import ChainFault

START: Final = b""
_SALT_BYTES = 16
EVENT_ROW: Final = [
    "subject",
    "seq",
    "id",
    "kind",
    "origin",
    "at",
    "seen",
    "recorded",
    "undecided",
    "digest",
    "link",
]
PAYLOAD_ROW: Final = ["subject", "seq", "salt", "bytes"]


class Sealed(NamedTuple):
    """The rows of one event, ready to be inserted; the link is the chain's new head."""

    event: dict[str, Any]
    payload: dict[str, Any]
    link: bytes


def seal(
    head: bytes, subject: str, seq: int, event: Event, *, now: Instant, undecided: bool = False
) -> Sealed:
    """Append ``event`` to the chain that ends in ``head``."""
    actor = event.actor
    stored = dump({"actor": [actor.id, actor.side], "body": encode(event.body)}).encode()
    salt = os.urandom(_SALT_BYTES)
    digest = sha256(salt + stored).digest()
    row = {
        "subject": subject,
        "seq": seq,
        "id": event.id,
        "kind": event.body.kind,
        "origin": event.origin.value,
        "at": event.at,
        "seen": event.seen,
        "recorded": now,
        "undecided": undecided,
        "digest": digest,
    }
    row["link"] = link = link_of(head, row)
    return Sealed(row, {"subject": subject, "seq": seq, "salt": salt, "bytes": stored}, link)


def link_of(head: bytes, row: Mapping[str, Any]) -> bytes:
    """The link of an event's row. Columns that may change later are no part of it."""
    place = f"{row['seq']} {row['at']} {row['seen']} {row['recorded']}"
    digest = row["digest"].hex()
    of, event, kind, origin = row["subject"], row["id"], row["kind"], row["origin"]
    # With their lengths, so that no text can pass for two.
    header = (
        f"{len(of)}:{of},{len(event)}:{event},{len(kind)}:{kind},{len(origin)}:{origin},"
        f"{len(place)}:{place},{len(digest)}:{digest},"
    )
    return sha256(head + header.encode()).digest()


def unseal(id: str, at: Instant, seen: Instant, stored: bytes) -> Event:  # noqa: A002
    """The event that was stored."""
    values = json.loads(stored.decode())
    who, side = values["actor"]
    return Event(id, at, seen, Actor(who, Side(side)), decode(values["body"]))


def faults(
    subject: str, rows: Iterable[Mapping[str, Any]], *, seq: int, head: bytes
) -> list[ChainFault]:
    """What is wrong with a chain: ``rows`` in order of seq, ``seq`` and ``head`` of its subject.

    Each row has the event's columns and its payload's ``salt`` and ``bytes`` (None where erased).
    """
    found: list[ChainFault] = []
    before, expected = START, 1
    for row in rows:
        whats = _row_faults(before, expected, row)
        found.extend(ChainFault(subject, row["seq"], what) for what in whats)
        before, expected = row["link"], row["seq"] + 1
    if expected != seq + 1:
        found.append(ChainFault(subject, seq, f"the chain ends at {expected - 1} of {seq}"))
    elif before != head:
        found.append(ChainFault(subject, seq, "the last link is not the subject's head"))
    return found


def _row_faults(before: bytes, expected: int, row: Mapping[str, Any]) -> Iterable[str]:
    if row["seq"] != expected:
        yield f"removed before this one: {row['seq'] - expected}"
    elif row["link"] != link_of(before, row):
        yield "edited, moved or put in: the link does not follow from the one before"
    if row["bytes"] is None:
        if row["erased"] is None:
            yield "the payload is gone, but was never erased"
    elif sha256(row["salt"] + row["bytes"]).digest() != row["digest"]:
        yield "the payload was edited"
