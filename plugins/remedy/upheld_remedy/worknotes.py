"""Work notes as comments and files, and back. Pure.

A note takes three files: more are spread over further notes of the same key, which are read as one
comment again. The key stands in the note's summary. Only what is public and not secure is shown to
customers; what is neither said to be public nor internal counts as internal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO, Final

from upheld.plugin import Actor, Attachment, Comment, Side, Visibility
from upheld_remedy.config import NoteFields
from upheld_remedy.mapping import instant, key_in, marker

SLOTS: Final = ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03")
ID, NUMBER, SUMMARY, TEXT = "Work Log ID", "Incident Number", "Description", "Detailed Description"
BY, AT, TYPE = "Work Log Submitter", "Work Log Submit Date", "Work Log Type"
VIEW, SECURE, CHANGED = "View Access", "Secure Work Log", "Last Modified Date"
NAMES: Final = (ID, NUMBER, SUMMARY, TEXT, BY, AT, TYPE, VIEW, SECURE, CHANGED, *SLOTS)
#: What tells that a note was changed.
TOLD: Final = (ID, NUMBER, CHANGED, TEXT, VIEW, SECURE)
_FILE: Final = "file/"
_PART: Final = re.compile(r" \((\d+)\)$")

Row = Mapping[str, Any]
#: Opens a file by the note's id and the field.
Opener = Callable[[str, str], Callable[[], BinaryIO]]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the notes of one incident hold."""

    comments: tuple[Comment, ...] = ()
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One note to be written: its summary, which bears the key, its text, its files."""

    summary: str
    text: str
    files: tuple[Attachment, ...] = field(default=())


# --- writing ------------------------------------------------------------------------------------


def parts(comment: Comment, key: str, longest: int) -> tuple[Part, ...]:
    """The notes that hold a comment, three files each."""
    groups = [
        comment.attachments[n : n + len(SLOTS)] for n in range(0, len(comment.attachments), 3)
    ]
    first, *rest = groups or [()]
    further = (
        Part(
            summary(key, longest, number),
            f"Further files of the note {summary(key, longest)}",
            some,
        )
        for number, some in enumerate(rest, start=2)
    )
    return (Part(summary(key, longest), comment.text, first), *further)


def of_file(file: Attachment, key: str, longest: int) -> Part:
    """The note that holds a file of the incident itself."""
    return Part(summary(f"{_FILE}{key}", longest), f"File: {file.name}", (file,))


def summary(key: str, longest: int, part: int = 1) -> str:
    """The summary of a note: its key, and which part it is."""
    room = longest - len(" (99)")
    return marker(key, room) + (f" ({part})" if part > 1 else "")


def values(part: Part, number: str, visibility: Visibility, settings: NoteFields) -> dict[str, Any]:
    """A new note as the form takes it. What is internal is secure as well."""
    public = visibility is Visibility.PUBLIC
    return {
        NUMBER: number,
        TYPE: settings.type,
        SUMMARY: part.summary,
        TEXT: part.text,
        VIEW: "Public" if public else "Internal",
        SECURE: "No" if public else "Yes",
    }


def clean(name: str) -> str:
    """A file's name as any server takes it: no path, no quotes, no control characters, not too long."""
    plain = "".join(" " if not each.isprintable() or each in '"\\;' else each for each in name)
    tail = plain.replace("/", " ").strip(" .") or "file"
    return tail if len(tail) <= 100 else f"{tail[:80]}…{tail[-15:]}"


# --- reading ------------------------------------------------------------------------------------


def read(
    rows: Iterable[Row], who: Callable[[str], Actor], opener: Opener, settings: NoteFields
) -> Notes:
    """The comments and files of one incident, oldest first."""
    comments: dict[str, Comment] = {}
    files: list[Attachment] = []
    for row in sorted(rows, key=_order):
        key, ours = _key(row), _by(row, who, settings).side is Side.UPHELD
        if key is not None and ours and key.startswith(_FILE):
            files += _files(row, opener)
        elif key is not None and key in comments:
            there = comments[key]
            comments[key] = replace(there, attachments=(*there.attachments, *_files(row, opener)))
        else:
            comments[key or str(row[ID])] = _comment(row, key, who, opener, settings)
    return Notes(tuple(comments.values()), tuple(files))


def _order(row: Row) -> tuple[datetime, str]:
    return instant(str(row[AT])), str(row[ID])


def _key(row: Row) -> str | None:
    return key_in(_PART.sub("", str(row.get(SUMMARY) or "")))


def _comment(
    row: Row, key: str | None, who: Callable[[str], Actor], opener: Opener, settings: NoteFields
) -> Comment:
    by = _by(row, who, settings)
    return Comment(
        id=str(row[ID]),
        text=_text(row, key),
        visibility=visibility(row),
        by=by,
        at=instant(str(row[AT])),
        key=key if by.side is Side.UPHELD else None,
        attachments=tuple(_files(row, opener)),
    )


def _text(row: Row, key: str | None) -> str:
    """The details; of a note that has none, the summary is all that was said."""
    details = str(row.get(TEXT) or "")
    return details or ("" if key is not None else str(row.get(SUMMARY) or ""))


def visibility(row: Row) -> Visibility:
    """Who may read a note."""
    shown = row.get(VIEW) == "Public" and row.get(SECURE) in ("No", None)
    return Visibility.PUBLIC if shown else Visibility.INTERNAL


def _by(row: Row, who: Callable[[str], Actor], settings: NoteFields) -> Actor:
    """Who wrote a note; what workflow writes in somebody's name is a machine's."""
    actor = who(str(row.get(BY) or ""))
    machine = row.get(TYPE) in settings.machine_types and actor.side is not Side.UPHELD
    return replace(actor, side=Side.SYSTEM) if machine else actor


def _files(row: Row, opener: Opener) -> list[Attachment]:
    return [
        _file(str(row[ID]), slot, row[slot], opener)
        for slot in SLOTS
        if isinstance(row.get(slot), dict)
    ]


def _file(note: str, slot: str, held: Row, opener: Opener) -> Attachment:
    name, size = str(held.get("name") or "file"), int(held.get("sizeBytes") or 0)
    return Attachment(f"{note}/{slot}", name, "application/octet-stream", size, opener(note, slot))


def written(rows: Sequence[Row]) -> frozenset[str]:
    """The summaries of notes that are there."""
    return frozenset(str(row.get(SUMMARY) or "") for row in rows)
