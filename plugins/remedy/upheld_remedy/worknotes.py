"""Work notes as comments and files, and back. Pure.

A note takes a few files (three, as ITSM is shipped): more are spread over further notes of the same
key, which are read as one comment again. The key stands in the note's summary. Only what is public and
not secure is shown to customers; what is neither said to be public nor internal counts as internal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final

from upheld.plugin import Actor, Attachment, Comment, Side, Visibility
from upheld_remedy.config import NoteFields, NoteNames
from upheld_remedy.mapping import instant, key_in, marker

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


def named(names: NoteNames) -> tuple[str, ...]:
    """The fields to ask for."""
    plain = names.model_dump(exclude={"files"})
    return (*plain.values(), *names.files)


def telling(names: NoteNames) -> tuple[str, ...]:
    """The fields that tell that a note was changed."""
    return (names.id, names.number, names.changed, names.text, names.view, names.secure)


# --- writing ------------------------------------------------------------------------------------


def parts(comment: Comment, key: str, settings: NoteFields) -> tuple[Part, ...]:
    """The notes that hold a comment, as many files each as a note takes."""
    longest, size = settings.summary, len(settings.fields.files)
    files = comment.attachments
    groups = [files[n : n + size] for n in range(0, len(files), size)]
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
    public, names = visibility is Visibility.PUBLIC, settings.fields
    return {
        names.number: number,
        names.type: settings.type,
        names.summary: part.summary,
        names.text: part.text,
        names.view: "Public" if public else "Internal",
        names.secure: "No" if public else "Yes",
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
    names = settings.fields
    for row in sorted(rows, key=lambda row: (instant(str(row[names.at])), str(row[names.id]))):
        key, ours = _key(row, names), _by(row, who, settings).side is Side.UPHELD
        if key is not None and ours and key.startswith(_FILE):
            files += _files(row, opener, names)
        elif key is not None and key in comments:
            held = (*comments[key].attachments, *_files(row, opener, names))
            comments[key] = replace(comments[key], attachments=held)
        else:
            comments[key or str(row[names.id])] = _comment(row, key, who, opener, settings)
    return Notes(tuple(comments.values()), tuple(files))


def _key(row: Row, names: NoteNames) -> str | None:
    return key_in(_PART.sub("", str(row.get(names.summary) or "")))


def _comment(
    row: Row, key: str | None, who: Callable[[str], Actor], opener: Opener, settings: NoteFields
) -> Comment:
    by, names = _by(row, who, settings), settings.fields
    return Comment(
        id=str(row[names.id]),
        text=_text(row, key, names),
        visibility=visibility(row, names),
        by=by,
        at=instant(str(row[names.at])),
        key=key if by.side is Side.UPHELD else None,
        attachments=tuple(_files(row, opener, names)),
    )


def _text(row: Row, key: str | None, names: NoteNames) -> str:
    """The details; of a note that has none, the summary is all that was said."""
    details = str(row.get(names.text) or "")
    return details or ("" if key is not None else str(row.get(names.summary) or ""))


def visibility(row: Row, names: NoteNames) -> Visibility:
    """Who may read a note."""
    shown = row.get(names.view) == "Public" and row.get(names.secure) in ("No", None)
    return Visibility.PUBLIC if shown else Visibility.INTERNAL


def _by(row: Row, who: Callable[[str], Actor], settings: NoteFields) -> Actor:
    """Who wrote a note; what workflow writes in somebody's name is a machine's."""
    names = settings.fields
    actor = who(str(row.get(names.by) or ""))
    machine = row.get(names.type) in settings.machine_types and actor.side is not Side.UPHELD
    return replace(actor, side=Side.SYSTEM) if machine else actor


def _files(row: Row, opener: Opener, names: NoteNames) -> list[Attachment]:
    return [
        _file(str(row[names.id]), slot, row[slot], opener)
        for slot in names.files
        if isinstance(row.get(slot), dict)
    ]


def _file(note: str, slot: str, held: Row, opener: Opener) -> Attachment:
    name, size = str(held.get("name") or "file"), int(held.get("sizeBytes") or 0)
    return Attachment(f"{note}/{slot}", name, "application/octet-stream", size, opener(note, slot))


def written(rows: Sequence[Row], names: NoteNames) -> frozenset[str]:
    """The summaries of notes that are there."""
    return frozenset(str(row.get(names.summary) or "") for row in rows)
