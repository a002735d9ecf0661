"""The tracker against the server's traps; what every tracker must do is in the conformance kit."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from upheld.plugin import (
    Actor,
    Attachment,
    Comment,
    Draft,
    Gone,
    Misconfigured,
    Permanent,
    Ref,
    Refused,
    RemoteCase,
    Retry,
    Side,
    Stale,
    Unknown,
    Visibility,
)
from upheld.testing import SteppedClock
from upheld_remedy.adapter import Remedy
from upheld_remedy.simulator import RemedySimulator
from upheld_remedy.simulator.forms import Forms

from .conftest import Connect

PAT = Actor("pat@acme.example", "Pat Lin", ("pat@acme.example",), Side.CUSTOMER)
UPHELD = Actor("remedy", side=Side.UPHELD)


def draft(text: str = "Mail is down.\nSince noon.", by: Actor = PAT, **fields: Any) -> Draft:
    return Draft("HPD:Help Desk", text, by, fields)


def said(text: str, clock: SteppedClock, *files: Attachment) -> Comment:
    at = clock.as_datetime()
    return Comment("", text, Visibility.PUBLIC, UPHELD, at, attachments=files)


def file(content: bytes = b"x", name: str = "log.txt") -> Attachment:
    return Attachment("", name, "text/plain", len(content), lambda: io.BytesIO(content))


# --- three identifiers ---


def test_three_identifiers_are_never_confused(server: RemedySimulator, remedy: Remedy) -> None:
    """The entry id of one incident is the number of another."""
    first = remedy.create(draft("First."), "key:0")
    number = first.ref.key
    server.stored.created = 404  # entry ids and numbers are 404 apart
    other = remedy.create(draft("Other."), "key:1")
    rows = {row["InstanceId"]: row for row in server.incidents()}
    assert rows[other.ref.id]["Entry ID"] == number != other.ref.key
    assert remedy.fetch(Ref("", number, number)).ref == first.ref
    remedy.update(first.ref, {"title": "Changed"}, first.version)
    titles = {row["InstanceId"]: row["Description"] for row in server.incidents()}
    assert titles == {first.ref.id: "Changed", other.ref.id: "Other."}


def test_a_person_types_the_number(remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    assert remedy.fetch(Ref("", made.ref.key, made.ref.key)).ref == made.ref
    with pytest.raises(Gone):
        remedy.fetch(Ref("", "INC000000009999", "INC000000009999"))


# --- creating ---


@pytest.mark.parametrize("preset", ["itsm-9", "itsm-20", "helix"])
@pytest.mark.parametrize("mute", [False, True])
def test_a_create_whatever_it_answers(
    server: RemedySimulator, connect: Connect, preset: str, mute: bool
) -> None:
    """With the values, with the place of the staging row, or with nothing at all."""
    server.api.mute = mute
    made = connect(preset=preset).create(draft(), "key:1")
    (row,) = server.incidents()
    assert (made.ref.key, made.key) == (row["Incident Number"], "key:1")
    assert row["Description"] == "Mail is down."
    assert row["Detailed Decription"] == "Mail is down.\nSince noon."
    assert row["Customer Login ID"] == "pat"


def test_nobody_known_is_for_the_default_customer(
    server: RemedySimulator, connect: Connect
) -> None:
    nobody = Actor("sam@other.example", "", ("sam@other.example",))
    with pytest.raises(Permanent, match="sam@other") as caught:
        connect().create(draft(by=nobody), "key:1")
    assert "default_customer" in caught.value.do_next
    connect(default_customer="pat").create(draft(by=nobody), "key:1")
    assert server.incidents()[0]["Customer Login ID"] == "pat"


def test_an_address_of_two_people_is_nobodys(server: RemedySimulator, remedy: Remedy) -> None:
    server.stored.add_person("pat2", "pat@acme.example", "Pat Lin", staff=False)
    with pytest.raises(Permanent, match="several"):
        remedy.create(draft(), "key:1")
    assert server.incidents() == []


def test_a_timeout_after_it_was_done_is_looked_up(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    server.fail_next(92, "Timeout during database update", after=True)
    with pytest.raises(Unknown, match="ARERR 92"):
        remedy.create(draft(), "key:1")
    found = remedy.find("key:1", clock.as_datetime()).found
    assert found is not None
    assert remedy.create(draft(), "key:1").ref == found.ref
    assert len(server.incidents()) == 1


def test_nothing_is_conclusive_once_no_create_can_be_at_work(
    remedy: Remedy, clock: SteppedClock
) -> None:
    since = clock.as_datetime()
    assert not remedy.find("key:1", since).conclusive
    clock.forward(seconds=4)
    assert remedy.find("key:1", since).conclusive


def test_a_second_create_is_refused_by_the_server_and_is_the_first(
    server: RemedySimulator, connect: Connect
) -> None:
    first = connect(instance_id=True).create(draft(), "key:1")
    again = connect(instance_id=True).create(draft(), "key:1")
    assert again.ref == first.ref
    assert len(server.incidents()) == 1


def test_a_unique_index_of_somebody_else_is_an_error(
    server: RemedySimulator, remedy: Remedy
) -> None:
    server.fail_next(382, "The value(s) for this entry violate a unique index")
    with pytest.raises(Permanent, match="ARERR 382"):
        remedy.create(draft(), "key:1")


def test_every_message_of_a_refusal_is_told(server: RemedySimulator, connect: Connect) -> None:
    with pytest.raises(Permanent) as caught:
        connect(create={"Status": "New"}).create(draft(), "key:1")
    assert caught.value.what.count("ARERR 307") == 2
    assert "Impact" in caught.value.what
    assert "Urgency" in caught.value.what


# --- modifying ---


def test_priority_is_never_sent(server: RemedySimulator, remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    changed = remedy.update(made.ref, {"priority": "Critical"}, made.version)
    assert changed.fields["priority"] == "Critical"
    assert server.incidents()[0]["Urgency"] == "1-Critical"


def test_the_lifecycle(server: RemedySimulator, connect: Connect) -> None:
    remedy = connect(with_status={"In Progress": {"assignee": "upheld"}})
    item = remedy.create(draft(), "key:1")
    item = remedy.update(item.ref, {"status": "In Progress"}, item.version)
    assert item.fields["assignee"] == "upheld"
    with pytest.raises(Permanent, match="resolution"):
        remedy.update(item.ref, {"status": "Resolved"}, item.version)
    done = {"status": "Resolved", "resolution": "Rebooted.", "status_reason": "Client Hold"}
    item = remedy.update(item.ref, done, item.version)
    item = remedy.update(item.ref, {"status": "In Progress"}, item.version)
    item = remedy.update(item.ref, {"status": "Closed"}, item.version)
    with pytest.raises(Permanent, match="ARERR 48282"):
        remedy.update(item.ref, {"status": "New"}, item.version)


def test_resolved_closes_by_itself_and_comes_with_the_next_reading(
    server: RemedySimulator, connect: Connect, clock: SteppedClock
) -> None:
    remedy = connect()
    item = remedy.create(draft(), "key:1")
    done = {"status": "Resolved", "resolution": "x", "status_reason": "y", "assignee": "bo"}
    remedy.update(item.ref, done, item.version)
    cursor = remedy.pull(None).cursor
    clock.forward(days=15)
    server.as_people(lambda forms: forms.close_resolved())
    (seen,) = remedy.pull(cursor).items
    assert isinstance(seen, RemoteCase)
    assert seen.fields["status"] == "Closed"


def test_who_was_slower_reads_again(server: RemedySimulator, remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    entry = server.incidents()[0]["Entry ID"]
    server.as_people(lambda forms: forms.modify(entry, {"Description": "theirs"}, "bo"))
    with pytest.raises(Stale):
        remedy.update(made.ref, {"title": "ours"}, made.version)


def test_a_note_leaves_the_version_as_it_is(remedy: Remedy, clock: SteppedClock) -> None:
    made = remedy.create(draft(), "key:1")
    remedy.comment(made.ref, said("words", clock), "key:2")
    assert remedy.update(made.ref, {"title": "ours"}, made.version).fields["title"] == "ours"


# --- notes ---


def test_seven_files_are_three_notes_and_one_comment(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    ref = remedy.create(draft(), "key:1").ref
    files = [file(str(n).encode(), f"{n}.txt") for n in range(7)]
    stored = remedy.comment(ref, said("seven", clock, *files), "key:2")
    assert [each.open().read() for each in stored.attachments] == [b"%d" % n for n in range(7)]
    assert len(server.notes(ref.key)) == 3
    assert len(remedy.fetch(ref).comments or ()) == 1


def test_a_comment_broken_off_between_its_notes_is_finished(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    ref = remedy.create(draft(), "key:1").ref
    words = said("seven", clock, *(file(name=f"{n}.txt") for n in range(7)))
    remedy._note = _failing_at(2, remedy._note)  # type: ignore[method-assign]
    with pytest.raises(Unknown):
        remedy.comment(ref, words, "key:2")
    assert len(remedy.comment(ref, words, "key:2").attachments) == 7
    assert len(server.notes(ref.key)) == 3


def _failing_at(number: int, note: Any) -> Any:
    calls = []

    def noted(*given: Any) -> None:
        calls.append(given)
        note(*given)
        if len(calls) == number:
            raise Unknown("the reply was lost")

    return noted


def test_an_assignment_makes_a_note_that_is_a_machines(
    server: RemedySimulator, remedy: Remedy
) -> None:
    made = remedy.create(draft(), "key:1")
    remedy.update(made.ref, {"assignee": "bo"}, made.version)
    (note,) = remedy.fetch(made.ref).comments or ()
    assert (note.by.side, note.visibility) == (Side.SYSTEM, Visibility.INTERNAL)


def test_a_note_that_does_not_touch_its_incident_brings_it(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    made = remedy.create(draft(), "key:1")
    cursor = remedy.pull(None).cursor
    clock.forward(hours=3)
    note = {"Incident Number": made.ref.key, "Detailed Description": "news"}
    server.as_people(lambda forms: forms.add_note(note, {}, "bo"))
    (item,) = remedy.pull(cursor).items
    assert isinstance(item, RemoteCase)
    assert [each.text for each in item.comments or ()] == ["news"]


def test_who_speaks(server: RemedySimulator, remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    for who in ("pat", "bo", "gone"):
        note = {"Incident Number": made.ref.key, "Detailed Description": who}
        server.as_people(partial(_noted, note, who))
    pat, bo, gone = (each.by for each in remedy.fetch(made.ref).comments or ())
    assert pat == Actor("pat", "Pat Lin", ("pat@acme.example",))
    assert (bo.side, bo.groups) == (Side.STAFF, ("Support Staff",))
    assert gone == Actor("gone")


def _noted(note: dict[str, str], who: str, forms: Forms) -> None:
    forms.add_note(note, {}, who)


# --- reading ---


def test_a_page_that_the_server_cuts_short_is_no_end(
    server: RemedySimulator, remedy: Remedy
) -> None:
    server.api.cap = 7
    for n in range(20):
        remedy.create(draft(f"Item {n}."), f"key:{n}")
    cursor, found, more = None, 0, True
    while more:
        page = remedy.pull(cursor)
        cursor, more, found = page.cursor, page.more, found + len(page.items)
    assert found == 20
    idle = len(server.asked)
    assert remedy.pull(cursor).items == ()
    assert len(server.asked) - idle <= 5  # the last minute is listed again, page by page


def test_an_idle_reading_asks_once_a_form(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    remedy.create(draft(), "key:1")
    cursor = remedy.pull(None).cursor
    for _ in range(3):
        clock.forward(minutes=1)
        before = len(server.asked)
        cursor = remedy.pull(cursor).cursor
        forms = [each.partition("?")[0].rpartition("/")[2] for each in server.asked[before:]]
        assert forms == ["HPD%3AHelp%20Desk", "HPD%3AWorkLog"]


def test_only_what_is_in_scope_comes(server: RemedySimulator, connect: Connect) -> None:
    everything = connect()
    ours = everything.create(draft(group="Product Support"), "key:1")
    other = everything.create(draft("Printer."), "key:2")
    scoped = connect(only="'Assigned Group' = \"Product Support\" OR 'Assigned Group' = \"X\"")
    page = scoped.pull(None)
    assert [each.ref for each in page.items if isinstance(each, RemoteCase)] == [ours.ref]
    note = {"Incident Number": other.ref.key, "Detailed Description": "news"}
    server.as_people(lambda forms: forms.add_note(note, {}, "bo"))
    assert scoped.pull(page.cursor).items == ()


def test_one_row_of_an_unknown_shape_holds_up_no_other(
    server: RemedySimulator, remedy: Remedy
) -> None:
    bad, good = (remedy.create(draft(text), text) for text in ("bad", "good"))
    entry = next(row["Entry ID"] for row in server.incidents() if row["InstanceId"] == bad.ref.id)
    server.stored.incidents[entry]["Submit Date"] = "yesterday"
    page = remedy.pull(None)
    assert [type(each) for each in page.items] == [Refused, RemoteCase]
    assert bad.ref.key in str(page.items[0])
    assert good.ref in [each.ref for each in page.items if isinstance(each, RemoteCase)]


def test_the_servers_clock_went_back(
    server: RemedySimulator, remedy: Remedy, clock: SteppedClock
) -> None:
    server.stored.skew = timedelta(minutes=10)
    remedy.create(draft(), "key:1")
    cursor = remedy.pull(None).cursor
    server.stored.skew = timedelta(0)
    made = remedy.create(draft("Now."), "key:2")
    items = remedy.pull(cursor).items
    assert made.ref in [each.ref for each in items if isinstance(each, RemoteCase)]


def test_links_to_another_host_are_not_followed(server: RemedySimulator, remedy: Remedy) -> None:
    """The server calls itself by a name that only it knows."""
    assert remedy.create(draft(), "key:1").ref.key
    assert all("internal" not in each for each in server.asked)


# --- failures ---


def test_a_refusal_says_the_number_and_what_to_do(server: RemedySimulator, remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    server.fail_next(307, "Required field cannot be blank")
    with pytest.raises(Permanent, match="ARERR 307 Required field") as caught:
        remedy.update(made.ref, {"title": "x"}, made.version)
    assert "create" in caught.value.do_next


def test_a_right_that_is_missing(server: RemedySimulator, remedy: Remedy) -> None:
    made = remedy.create(draft(), "key:1")
    server.fail_next(331, "You do not have write access", status=403)
    with pytest.raises(Misconfigured):
        remedy.update(made.ref, {"title": "x"}, made.version)


def test_a_server_that_is_down(server: RemedySimulator, remedy: Remedy) -> None:
    server.close()
    with pytest.raises(Retry, match="can't be reached"):
        remedy.pull(None)
