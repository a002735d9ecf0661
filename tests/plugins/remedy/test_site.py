"""A site that calls its fields otherwise: everything works by its names, and `check` tells a wrong one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import pytest

from upheld.plugin import (
    Actor,
    Attachment,
    Comment,
    Draft,
    Misconfigured,
    Permanent,
    RemoteCase,
    Side,
    Visibility,
)
from upheld.testing import SteppedClock
from upheld_remedy.adapter import Remedy
from upheld_remedy.simulator import RemedySimulator
from upheld_remedy.simulator.forms import CREATE, INCIDENTS, MODIFY, NOTES, PEOPLE

from .conftest import Connect

PAT: Final = Actor("pat@acme.example", "Pat Lin", ("pat@acme.example",), Side.CUSTOMER)
#: By form, ITSM's name of a field and the site's.
CALLED: Final[Mapping[str, Mapping[str, str]]] = {
    CREATE: {"z1D_Action": "Site_Do", "Login_ID": "Site_Login"},
    MODIFY: {"z1D Action": "Site Do"},
    INCIDENTS: {"Customer Login ID": "Site Customer"},
    PEOPLE: {"Remedy Login ID": "Site Login"},
    NOTES: {
        "Work Log ID": "Note ID",
        "Incident Number": "Of Incident",
        "Description": "Headline",
        "Detailed Description": "Said",
        "Work Log Submitter": "Author",
        "Work Log Submit Date": "Said At",
        "Last Modified Date": "Touched",
        "Work Log Type": "Kind",
        "View Access": "Shown To",
        "Secure Work Log": "Locked",
        "z2AF Work Log01": "File A",
        "z2AF Work Log02": "File B",
    },
}
SETTINGS: Final[Mapping[str, Any]] = {
    "actions": {"create": "Site_Do", "modify": "Site Do"},
    "customer_field": {"read": "Site Customer", "create": "Site_Login"},
    "people": {"login": "Site Login"},
    "notes": {
        "fields": {
            "id": "Note ID",
            "number": "Of Incident",
            "summary": "Headline",
            "text": "Said",
            "by": "Author",
            "at": "Said At",
            "changed": "Touched",
            "type": "Kind",
            "view": "Shown To",
            "secure": "Locked",
            "files": ["File A", "File B"],
        }
    },
}


@pytest.fixture
def site(server: RemedySimulator) -> RemedySimulator:
    server.api.called = CALLED
    return server


@pytest.fixture
def remedy(site: RemedySimulator, connect: Connect) -> Remedy:
    return connect(**SETTINGS)


def made(remedy: Remedy) -> RemoteCase:
    return remedy.create(Draft(INCIDENTS, "Mail is down.", PAT, {}), "key:1")


def errors(remedy: Remedy) -> dict[str, str]:
    return {each.what: each.do_next for each in remedy.check() if each.level == "error"}


def file(number: int) -> Attachment:
    content = b"%d" % number
    return Attachment("", f"{number}.txt", "text/plain", 1, lambda: io.BytesIO(content))


def test_incidents_go_both_ways(site: RemedySimulator, remedy: Remedy) -> None:
    case = made(remedy)
    assert case.fields["reporter"] == "pat@acme.example"
    assert site.incidents()[0]["Customer Login ID"] == "pat"
    assert remedy.update(case.ref, {"title": "Changed"}, case.version).fields["title"] == "Changed"


def test_notes_go_both_ways(site: RemedySimulator, remedy: Remedy, clock: SteppedClock) -> None:
    """Two files a note, since the site has two fields for them."""
    case = made(remedy)
    cursor = remedy.pull(None).cursor
    clock.forward(hours=1)
    upheld = Actor("remedy", side=Side.UPHELD)
    files = tuple(file(n) for n in range(3))
    words = Comment("", "words", Visibility.PUBLIC, upheld, clock.as_datetime(), attachments=files)
    stored = remedy.comment(case.ref, words, "key:2")
    assert [each.open().read() for each in stored.attachments] == [b"0", b"1", b"2"]
    first, second = site.notes(case.ref.key)
    assert (first["Detailed Description"], first["View Access"]) == ("words", "Public")
    assert second["z2AF Work Log01"]["name"] == "2.txt"
    theirs = {"Incident Number": case.ref.key, "Detailed Description": "theirs"}
    site.as_people(lambda forms: forms.add_note(theirs, {}, "bo"))
    (seen,) = remedy.pull(cursor).items
    assert isinstance(seen, RemoteCase)
    told = [(each.text, each.visibility, each.by.side) for each in seen.comments or ()]
    assert told == [
        ("words", Visibility.PUBLIC, Side.UPHELD),
        ("theirs", Visibility.INTERNAL, Side.STAFF),
    ]


def test_check_finds_the_site_as_it_is_configured(remedy: Remedy) -> None:
    made(remedy)
    assert [each.level for each in remedy.check()] == ["ok"]


@pytest.mark.parametrize(
    ("left_out", "form", "name", "setting"),
    [
        ("actions", CREATE, "z1D_Action", "actions.create"),
        ("actions", MODIFY, "z1D Action", "actions.modify"),
        ("customer_field", CREATE, "Login_ID", "customer_field"),
        ("customer_field", INCIDENTS, "Customer Login ID", "customer_field"),
        ("people", PEOPLE, "Remedy Login ID", "people.login"),
        ("notes", NOTES, "View Access", "notes.fields.view"),
        ("notes", NOTES, "z2AF Work Log02", "notes.fields.files"),
    ],
)
def test_check_says_which_setting_names_a_field_that_is_not_there(
    site: RemedySimulator, connect: Connect, left_out: str, form: str, name: str, setting: str
) -> None:
    given = {key: value for key, value in SETTINGS.items() if key != left_out}
    do_next = errors(connect(**given))[f"the form {form} has no field '{name}'"]
    assert f"set its name in `{setting}`" in do_next
    assert f"upheld remedy describe '{form}'" in do_next


def test_a_field_that_no_setting_names_is_a_matter_of_rights(
    server: RemedySimulator, connect: Connect
) -> None:
    server.api.called = {INCIDENTS: {"InstanceId": "hidden"}}
    told = errors(connect())[f"the form {INCIDENTS} has no field 'InstanceId'"]
    assert "give the account the right to see it" in told


def test_the_names_of_itsm_are_refused_by_such_a_site(
    site: RemedySimulator, connect: Connect
) -> None:
    with pytest.raises((Permanent, Misconfigured), match=r"ARERR (314|329)"):
        made(connect())
    assert site.incidents() == []


@pytest.mark.parametrize(("preset", "answers"), [("itsm-9", True), ("itsm-20", False)])
def test_a_create_is_asked_for_what_it_stored_as_the_site_has_it(
    server: RemedySimulator, connect: Connect, preset: str, answers: bool
) -> None:
    made(connect(preset=preset, answers=answers))
    (created,) = [each for each in server.asked if each.startswith("POST") and "_Create" in each]
    assert ("fields=" in created) is answers
