"""``upheld calendar``: days, new days for open cases, examples of a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.cli.conftest import Change, Terminal

_POLICY = """
policy: Own
calendars:
  office: {zone: Europe/Prague, week: {mon-fri: "08:00-17:00"}, holidays: {feed: off.ics, country: CZ},
    extra: {2098-01-04: "09:00-12:00"}}
  lab: {week: {mon-fri: "08:00-17:00"}, holidays: [2020-12-24]}
severities: {1: {name: Urgent}}
document:
- heading: Answers
  clauses:
  - {id: A-1, says: "Within {within}.", target: first_response, within: 400 business hours, calendar: office}
"""
#: Far enough: an office that is closed for good is due later whenever this runs.
_CLOSED = (
    "BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:{0}0101\nDTEND;VALUE=DATE:{0}1231\n"
    "SUMMARY:Closed\nEND:VEVENT\n"
)


def feed(*years: int) -> str:
    events = "".join(_CLOSED.format(year) for year in years)
    noon = "BEGIN:VEVENT\nUID:1\nDTSTART:20301224T120000\nDURATION:PT6H\nEND:VEVENT\n"
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{noon}{events}END:VCALENDAR\n"


@pytest.fixture
def office(upheld: Terminal, edit: Change) -> Terminal:
    """A site whose policy has calendars, one of them with a feed."""
    edit("policy: magnolia", "policy: own.yaml")
    (upheld.folder / "own.yaml").write_text(_POLICY, encoding="utf-8")
    (upheld.folder / "off.ics").write_text(feed(), encoding="utf-8")
    return upheld


# --- show ---------------------------------------------------------------------------------------


def test_the_days_of_a_year_are_shown(office: Terminal) -> None:
    told = office("calendar", "show", "office", "--year", "2030").output
    assert "on the clocks of Europe/Prague" in told
    assert "2030-12-25  Wed      closed" in told
    assert "Christmas Day" in told
    found = office.json("calendar", "show", "office", "--year", "2030")
    assert found["days"][0]["day"] == "2030-01-01"
    assert found["ends"] is None


def test_without_a_year_it_is_this_one(office: Terminal) -> None:
    days = office.json("calendar", "show", "office")["days"]
    assert len({day["day"][:4] for day in days}) == 1


def test_worked_days_and_a_list_that_ended_are_told(office: Terminal) -> None:
    (day,) = office.json("calendar", "show", "office", "--year", "2098")["days"]
    assert day == {"day": "2098-01-04", "what": "open 09:00-12:00", "name": ""}
    told = office("calendar", "show", "lab", "--year", "2031").output
    assert "no day of 2031 is out of the ordinary" in told
    assert "! calendar 'lab': its last holiday is 2020-12-24" in told


def test_a_calendar_that_there_is_not_is_not_found(office: Terminal) -> None:
    told = office("calendar", "show", "offise", exits=5).output
    assert 'did you mean "office"?' in told


# --- apply --------------------------------------------------------------------------------------


def test_new_days_are_asked_about_then_applied(office: Terminal) -> None:
    case = office.case()
    before = office.json("cases", "show", case)["due"]
    years = range(2027, 2050)
    (office.folder / "off.ics").write_text(feed(*years[:-1]), encoding="utf-8")
    asked = office.json("calendar", "apply", "--dry-run", "--as", "ann")
    assert office.json("cases", "show", case)["due"] == before
    done = office.json("calendar", "apply", "--as", "ann")
    (line,) = done["cases"]
    assert (asked["dry_run"], asked["cases"]) == (True, [line])
    assert (line["id"], line["due_before"], line["moves"]) == (case, before, True)
    assert office.json("cases", "show", case)["due"] == line["due_after"] > before
    assert office.kinds(case)[-1] == "calendar_applied"
    assert "no day has changed" in office("calendar", "apply", "--as", "ann").output


def test_what_is_applied_is_told_in_lines(office: Terminal) -> None:
    case = office.case()
    (office.folder / "off.ics").write_text(feed(2040), encoding="utf-8")
    told = office("calendar", "apply", "--dry-run", "--as", "bo").output
    assert "Own: office: closed on 2040-01-02 (Closed); " in told
    assert "more days" in told
    assert case in told
    assert "1 open cases; 0 would be due at another instant" in told


def test_a_feed_that_is_gone_is_told_and_nothing_is_changed(office: Terminal) -> None:
    case = office.case()
    (office.folder / "off.ics").unlink()
    told = office("calendar", "apply", "--as", "ann", exits=3).output
    assert "calendar 'office': the feed can't be read: No such file" in told
    assert "calendar_applied" not in office.kinds(case)


# --- upheld check -------------------------------------------------------------------------------


def test_check_tells_of_days_that_moved_lists_that_end_and_feeds_that_are_gone(
    office: Terminal,
) -> None:
    def found() -> list[str]:
        told = office.json("check")
        return [f"{each['level']} {each['what']}" for each in told if each["about"] == "calendar"]

    ending = "warning calendar 'lab': its last holiday is 2020-12-24; after that it knows none"
    assert found() == [ending]
    office.case()
    (office.folder / "off.ics").write_text(feed(2040), encoding="utf-8")
    moved, *others = found()
    assert moved.startswith(
        "warning Own: days are others than those in force: office: closed on 2040-"
    )
    assert "; and " in moved
    assert others == [ending]
    (office.folder / "off.ics").unlink()
    (gone,) = found()
    assert "calendar 'office': the feed can't be read" in gone


# --- calendar check --------------------------------------------------------------------------------------

_ADD = {"kind": "add", "calendar": "c", "start": "2026-01-05T08:00:00Z", "seconds": 3600}
_HOURS = {"mon": [["08:00", "17:00"]]}


def written(folder: Path, *vectors: dict[str, Any], **calendars: Any) -> str:
    file = folder / "examples.json"
    known = {"c": {"tz": "UTC", "hours": _HOURS}} | calendars
    file.write_text(json.dumps({"calendars": known, "vectors": vectors}), encoding="utf-8")
    return str(file)


def test_examples_that_are_so_exit_with_0(upheld: Terminal) -> None:
    good = {"id": "a", "expected_due": "2026-01-05T10:00:00+01:00", **_ADD}
    file = written(upheld.folder, good)
    due = "2026-01-05T09:00:00Z"
    assert upheld.json("calendar", "check", file) == [
        {"id": "a", "expected": due, "got": due, "ok": True}
    ]
    assert "1 of 1 examples are so here" in upheld("calendar", "check", file).output


def test_one_that_differs_is_shown_and_exits_with_1(upheld: Terminal) -> None:
    wrong = {"id": "b", "expected_due": "2026-01-05T10:00:00Z", **_ADD}
    lost = {"id": "c", "expected_due": "2026-01-05T10:00:00Z", **_ADD, "calendar": "d"}
    odd = {"id": "d", "kind": "guess"}
    file = written(upheld.folder, wrong, lost, odd)
    found = upheld.json("calendar", "check", file, exits=1)
    assert [each["ok"] for each in found] == [False, False, False]
    assert [each.get("why") for each in found] == [
        None,
        "there is no calendar 'd'",
        "there is no kind 'guess'",
    ]
    told = upheld("calendar", "check", file, exits=1).output
    assert "0 of 3 examples are so here" in told


def test_calendars_may_be_those_of_a_policy(
    office: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office.folder)
    (office.folder / "examples.yaml").write_text(
        "vectors:\n- {id: a, kind: add, calendar: office, start: 2026-12-23T15:00:00Z, seconds: 7200,"
        " expected_due: 2026-12-28T08:00:00Z}\n"
    )
    found = office.json("calendar", "check", "examples.yaml", "--policy", "own.yaml")
    assert [each["ok"] for each in found] == [True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no YAML"),
        ("[]", "Input should be a valid dictionary"),
        ('{"vectors": []}', "vectors: List should have at least 1 item"),
        ('{"vectors": [\n {"id": "a", "kind": "add"}]}', "examples.json:2:2: vectors.0.start: is missing"),
        ('{"vectors": [{"id": "a", "kind": "elapsed", "start": "2026-01-05T08:00:00"}]}',
         "vectors.0.start: Input should have timezone info"),
        ('{"calendars": {"c": {"hours": {"mon": ["08:00"]}}}, "vectors": [{"id": "a"}]}',
         "calendars.c.hours.mon.0: Input should be a valid tuple"),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_with_its_place(upheld: Terminal, text: str, told: str) -> None:
    file = upheld.folder / "examples.json"
    file.write_text(text, encoding="utf-8")
    found = upheld("calendar", "check", str(file), exits=3).output
    assert told in found
    assert "Traceback" not in found
