"""Work notes as comments and files."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Actor, Attachment, Comment, Side, Visibility
from upheld_remedy import worknotes
from upheld_remedy.config import NoteFields, NoteNames
from upheld_remedy.worknotes import Notes, clean, parts, read, values, visibility

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SETTINGS = NoteFields()


def file(number: int) -> Attachment:
    return Attachment("", f"{number}.txt", "text/plain", 1, lambda: io.BytesIO(b"x"))


def comment(files: int = 0) -> Comment:
    by = Actor("upheld", side=Side.UPHELD)
    return Comment(
        "", "words", Visibility.PUBLIC, by, NOON, attachments=tuple(map(file, range(files)))
    )


def row(id_: int, by: str = "bo", **values_: Any) -> dict[str, Any]:
    base = {"Work Log ID": f"WLG{id_}", "Incident Number": "INC1", "Work Log Submitter": by}
    base |= {
        "Work Log Submit Date": "2026-12-01T12:00:00.000+0000",
        "Detailed Description": "words",
    }
    return {**base, "Work Log Type": "General Information", **values_}


def who(login: str) -> Actor:
    sides = {"upheld": Side.UPHELD, "bo": Side.STAFF}
    return Actor(login, side=sides.get(login, Side.UNKNOWN))


def told(*rows: dict[str, Any]) -> Notes:
    return read(
        rows, who, lambda note, slot: lambda: io.BytesIO(f"{note}/{slot}".encode()), SETTINGS
    )


@pytest.mark.parametrize(("files", "notes"), [(0, 1), (1, 1), (3, 1), (4, 2), (7, 3)])
def test_a_note_takes_three_files(files: int, notes: int) -> None:
    written = parts(comment(files), "key", SETTINGS)
    assert len(written) == notes
    assert len({each.summary for each in written}) == notes
    assert all(len(each.files) <= 3 for each in written)
    assert sum(len(each.files) for each in written) == files


@pytest.mark.parametrize("key", ["key:1", "x" * 300])
def test_several_notes_are_read_as_one_comment(key: str) -> None:
    rows = []
    for number, part in enumerate(parts(comment(7), key, SETTINGS)):
        held = {
            slot: {"name": each.name, "sizeBytes": 1}
            for slot, each in zip(SETTINGS.fields.files, part.files, strict=False)
        }
        assert len(part.summary) <= 100
        note = {"Description": part.summary, "Detailed Description": part.text, **held}
        rows.append(row(number, "upheld", **note))
    (whole,) = told(*rows).comments
    assert (whole.text, whole.id) == ("words", "WLG0")
    assert [each.name for each in whole.attachments] == [f"{n}.txt" for n in range(7)]
    assert whole.key is not None
    assert (whole.key == key) is (len(key) < 90)


@given(files=st.integers(0, 9), slots=st.integers(1, 4))
def test_a_note_takes_as_many_files_as_the_site_has_fields_for(files: int, slots: int) -> None:
    names = NoteNames(files=tuple(f"File {n}" for n in range(slots)))
    written = parts(comment(files), "key", NoteFields(fields=names))
    assert len(written) == max(1, -(-files // slots))
    assert [each.name for part in written for each in part.files] == [
        f"{n}.txt" for n in range(files)
    ]


def test_somebody_elses_note_with_a_key_in_it_is_not_ours() -> None:
    (one,) = told(row(1, "pat", Description="upheld:key")).comments
    assert one.key is None


def test_a_file_of_ours_belongs_to_the_incident() -> None:
    part = worknotes.of_file(file(1), "key", 100)
    held = {"Description": part.summary, "z2AF Work Log01": {"name": "1.txt", "sizeBytes": 1}}
    found = told(row(1, "upheld", **held))
    assert found.comments == ()
    assert [(each.id, each.open().read()) for each in found.files] == [
        ("WLG1/z2AF Work Log01", b"WLG1/z2AF Work Log01")
    ]


@pytest.mark.parametrize(
    ("view", "secure", "public"),
    [
        ("Public", "No", True),
        ("Public", None, True),
        ("Public", "Yes", False),
        ("Internal", "No", False),
        (None, "No", False),
        ("Öffentlich", "No", False),
        ("Public", "?", False),
    ],
)
def test_only_what_is_public_and_not_secure_is_shown(
    view: str | None, secure: str | None, public: bool
) -> None:
    found = visibility({"View Access": view, "Secure Work Log": secure}, SETTINGS.fields)
    assert found is (Visibility.PUBLIC if public else Visibility.INTERNAL)


@pytest.mark.parametrize("shown", Visibility)
def test_a_visibility_comes_back(shown: Visibility) -> None:
    (part,) = parts(comment(), "key", SETTINGS)
    assert visibility(values(part, "INC1", shown, SETTINGS), SETTINGS.fields) is shown


@pytest.mark.parametrize("kind", SETTINGS.machine_types)
def test_what_workflow_writes_in_a_persons_name_is_a_machines(kind: str) -> None:
    (one,) = told(row(1, **{"Work Log Type": kind})).comments
    assert one.by == Actor("bo", side=Side.SYSTEM)


def test_the_oldest_comes_first_whatever_zone_it_is_shown_in() -> None:
    early = row(2, **{"Work Log Submit Date": "2026-12-01T13:00:00.000+0200"})
    assert [each.id for each in told(row(1), early).comments] == ["WLG2", "WLG1"]


def test_a_note_without_details_says_what_its_summary_says() -> None:
    (one,) = told(row(1) | {"Detailed Description": None, "Description": "called Pat"}).comments
    assert one.text == "called Pat"


@given(st.text(max_size=300))
def test_a_files_name_is_one_that_any_server_takes(name: str) -> None:
    tidy = clean(name)
    assert tidy
    assert len(tidy) <= 100
    assert not set(tidy) & set('"\\;/\r\n\x00')
