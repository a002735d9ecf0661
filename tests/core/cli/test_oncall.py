"""``upheld oncall``: who is on duty, who stands in, what is missing, what comes from elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from tests.core.cli.conftest import Change, Terminal
from tests.core.directory.test_brought import layer, pagerduty
from upheld.calendar.instant import DAY, HOUR, instant
from upheld.cli.oncall_picture import Picture, drawn
from upheld.config import load_config
from upheld.directory import Shift
from upheld.errors import ConfigError, NotFound, Refusal

_ROTATIONS = """
rotations:
  ops: {people: [ann, bo], daily: "09:00"}
  nights: {people: [bo], daily: "09:00", hours: "18:00-06:00"}
  away: {held_by: {pagerduty: "schedule:PX1"}}
"""
_FAR = datetime.now(UTC).replace(microsecond=0, second=0, minute=0, hour=12) + timedelta(days=3)


def at(**later: int) -> str:
    return (_FAR + timedelta(**later)).strftime("%Y-%m-%d %H:%M")


@pytest.fixture
def desk(upheld: Terminal, edit: Change) -> Terminal:
    """A site with rotations."""
    edit("\nroles:", f"{_ROTATIONS}roles:")
    return upheld


def on_duty(desk: Terminal, when: str, rotation: str = "ops") -> str:
    found = desk.json("oncall", "now", "--at", when)
    return next(str(each["person"]) for each in found if each["rotation"] == rotation)


# --- now, show ------------------------------------------------------------------------------------


def test_now_tells_who_until_when_and_who_comes(desk: Terminal) -> None:
    ops, nights, away = desk.json("oncall", "now")
    assert {ops["person"], ops["then"]} == {"ann", "bo"}
    assert ops["until"].endswith("T09:00:00Z")
    assert nights["person"] in {"bo", None}
    assert (away["person"], away["until"]) == ("whoever is on duty for away", None)
    shown = desk("oncall", "now").stdout
    assert "09:00 UTC" in shown
    assert ("NOBODY" in shown) == (nights["person"] is None)


def test_show_draws_weeks_and_says_who_is_who(desk: Terminal) -> None:
    shown = desk("oncall", "show", "nights", "--weeks", "1").stdout
    assert "nights, on the clocks of UTC" in shown
    assert "A Bo Lindt   ! nobody" in shown
    found = desk.json("oncall", "show", "--weeks", "1")
    assert set(found["rotations"]) == {"ops", "nights"}
    assert {each["person"] for each in found["rotations"]["nights"]} == {"bo", None}


def test_a_rotation_that_is_not_there_is_told(desk: Terminal) -> None:
    assert "one of: ops" in desk("oncall", "show", "opps", exits=NotFound.exit_code).stderr


# --- override, swap, undo -------------------------------------------------------------------------


def test_an_override_holds_from_when_until_when_and_is_taken_back(desk: Terminal) -> None:
    usual = on_duty(desk, at())
    other = {"ann": "bo", "bo": "ann"}[usual]
    (made,) = desk.json(
        *("oncall", "override", "ops", other, "--why", "x", "--as", "ann"),
        *("--from", at(), "--until", at(hours=2)),
    )
    assert (made["person"], made["by"], made["why"]) == (other, "ann", "x")
    assert on_duty(desk, at(hours=1)) == other
    assert on_duty(desk, at(days=2)) == usual
    assert "said by" in desk("oncall", "show", "ops").stdout
    number = str(made["number"])
    assert "taken back" in desk("oncall", "undo", number, "--as", "bo").stdout
    assert on_duty(desk, at(hours=1)) == usual
    desk("oncall", "undo", number, "--as", "bo", exits=NotFound.exit_code)


def test_grafana_oncall_4343_an_override_for_who_has_left_leaves_the_duty_with_whoever_has_it(
    desk: Terminal, edit: Change
) -> None:
    edit("people:\n", "people:\n  gil: {name: Gil, mail: gil@magnolia.example}\n")
    usual = on_duty(desk, at())
    (made,) = desk.json(
        *("oncall", "override", "ops", "gil", "--as", "ann"),
        *("--from", at(), "--until", at(hours=2)),
    )
    assert on_duty(desk, at(hours=1)) == "gil"
    edit("  gil: {name: Gil, mail: gil@magnolia.example}\n", "")
    assert on_duty(desk, at(hours=1)) == usual
    (told,) = [each for each in desk.json("check") if "gil" in each["what"]]
    assert (told["level"], told["about"]) == ("warning", "rotations")
    assert f"upheld oncall undo {made['number']}" in told["do_next"]
    desk("oncall", "undo", str(made["number"]), "--as", "bo")
    assert not [each for each in desk.json("check") if "gil" in each["what"]]


def test_a_swap_changes_both_turns(desk: Terminal) -> None:
    one, other = at(), at(days=1)
    before = on_duty(desk, one), on_duty(desk, other)
    said = desk("oncall", "swap", "ops", one, other, "--as", "ann").stdout
    assert said.count("is on duty for ops") == 2
    assert (on_duty(desk, one), on_duty(desk, other)) == before[::-1]


@pytest.mark.parametrize(
    ("words", "exits"),
    [
        (("override", "ops", "zed", "--until", "3 days"), NotFound.exit_code),
        (("override", "opps", "bo", "--until", "3 days"), NotFound.exit_code),
        (("override", "away", "bo", "--until", "3 days"), Refusal.exit_code),
        (("override", "ops", "bo", "--from", "3 days", "--until", "2 days"), Refusal.exit_code),
        (("override", "ops", "bo", "--until", "soon"), Refusal.exit_code),
        (("swap", "ops", "3 days", "3 days"), Refusal.exit_code),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_recorded(
    desk: Terminal, words: tuple[str, ...], exits: int
) -> None:
    desk("oncall", *words, "--as", "ann", exits=exits)
    assert desk.json("oncall", "show")["overrides"] == []


# --- handover -------------------------------------------------------------------------------------


def severity_1(desk: Terminal, assignee: str) -> str:
    case = desk.case("All is down")
    desk("cases", "triage", case, "1", "--as", "bo")
    desk("cases", "assign", case, assignee, "--as", "bo")
    return case


def test_open_severity_1_stay_with_their_holder_until_they_are_handed_over(desk: Terminal) -> None:
    ops = next(each for each in desk.json("oncall", "now") if each["rotation"] == "ops")
    holder, before = ops["person"], ops["then"]
    kept, handed = severity_1(desk, holder), severity_1(desk, before)
    found = desk.json("oncall", "handover", "ops", "--as", "ann")
    assert (found["to"], found["taken"]) == (holder, False)
    assert [case["id"] for case in found["cases"]] == [handed]
    assert (
        f"To be handed over to {holder}" in desk("oncall", "handover", "ops", "--as", "ann").stdout
    )
    assert desk.json("oncall", "handover", "ops", "--take", "--as", holder)["taken"]
    assert "no open Severity 1 waits" in desk("oncall", "handover", "ops", "--as", "ann").stdout
    listed = {case["id"]: case["assignee"] for case in desk.json("cases", "list")}
    assert listed == {kept: holder, handed: holder}


def test_what_a_role_has_that_the_rotation_fills_is_handed_over(
    desk: Terminal, edit: Change
) -> None:
    edit("operations-manager: ann", "operations-manager: ops")
    mine, others = severity_1(desk, "operations-manager"), severity_1(desk, "vp-operations")
    found = desk.json("oncall", "handover", "ops", "--as", "ann")["cases"]
    assert mine in {case["id"] for case in found}
    assert others not in {case["id"] for case in found}


def test_what_is_less_severe_or_closed_is_not_handed_over(desk: Terminal) -> None:
    case = desk.case("One is slow")
    desk("cases", "triage", case, "3", "--as", "bo")
    assert desk.json("oncall", "handover", "ops", "--as", "ann")["cases"] == []


def test_nothing_is_handed_over_to_nobody(desk: Terminal, edit: Change) -> None:
    edit("18:00-06:00", _closed_now())
    refused = desk("oncall", "handover", "nights", "--as", "ann", exits=Refusal.exit_code)
    assert "nobody is on duty" in refused.stderr


def _closed_now() -> str:
    """An hour of the day that is not now."""
    hour = (datetime.now(UTC).hour + 12) % 24
    return f"{hour:02}:00-{hour:02}:30"


# --- coverage -------------------------------------------------------------------------------------


def test_coverage_finds_gaps_and_who_can_not_be_paged(desk: Terminal) -> None:
    found = desk.json("oncall", "coverage", "--weeks", "1", exits=1)
    assert {each["who"] for each in found["gaps"]} == {"nights"}
    assert len(found["gaps"]) in {7, 8}
    assert found["unreachable"] == []
    assert desk("oncall", "coverage", exits=1).stdout.count("nights") >= 56


def test_coverage_looks_at_the_ways_that_somebody_has_of_their_own(
    desk: Terminal, edit: Change
) -> None:
    edit("\n  bo:", "\n  mo: {name: Mo Sand, reach: {page: [{voice: desk}]}}\n  bo:")
    edit("people: [ann, bo]", "people: [ann, mo]")
    found = desk.json("oncall", "coverage", "--weeks", "1", exits=1)
    assert found["unreachable"] == ["mo"]


def test_without_a_gap_all_is_well(desk: Terminal, edit: Change) -> None:
    edit(', hours: "18:00-06:00"', "")
    assert "8 weeks without a gap" in desk("oncall", "coverage").stdout


def test_check_tells_of_a_gap_of_a_role_that_the_policy_tells(desk: Terminal, edit: Change) -> None:
    edit("operations-manager: ann", "operations-manager: nights")
    found = desk.json("check", exits=3)
    gaps = [each for each in found if each["about"] == "roles" and each["level"] == "error"]
    assert gaps
    assert "times more in eight weeks" in gaps[0]["what"]
    assert "oncall coverage" in gaps[0]["do_next"]


# --- import, export -------------------------------------------------------------------------------


def test_export_holds_turns_and_overrides(desk: Terminal) -> None:
    desk(
        "oncall", "override", "nights", "ann", "--from", at(), "--until", at(hours=2), "--as", "bo"
    )
    events = Calendar.from_ical(desk("oncall", "export", "nights").stdout).walk("VEVENT")
    assert {"nights: Bo Lindt", "nights: Ann Reyes"} == {str(each["SUMMARY"]) for each in events}
    desk("oncall", "export", "--weeks", "1", "--file", str(desk.folder / "all.ics"))
    text = (desk.folder / "all.ics").read_bytes()
    assert b"ops: Ann Reyes" in text
    assert b"\r\r" not in text


def test_a_feed_is_recorded_once(desk: Terminal) -> None:
    file = desk.folder / "ops.ics"
    desk("oncall", "export", "ops", "--weeks", "1", "--file", str(file))
    words = ("oncall", "import", str(file), "--rotation", "nights", "--as", "ann")
    first = desk.json(*words)
    assert first["recorded"] in {8, 9}
    assert desk.json(*words) == {"recorded": 0, "known": first["recorded"], "gone": []}
    assert on_duty(desk, at(), "nights") == on_duty(desk, at(), "ops")
    refused = desk("oncall", "import", str(file), "--as", "ann", exits=Refusal.exit_code)
    assert "say --rotation" in refused.stderr


def feed(who: str, since: datetime) -> str:
    """A calendar in which somebody has two hours."""
    begins, ends = (f"{each:%Y%m%dT%H%M%SZ}" for each in (since, since + timedelta(hours=2)))
    event = f"BEGIN:VEVENT\nUID:1\nSUMMARY:{who}\nDTSTART:{begins}\nDTEND:{ends}\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{event}\nEND:VCALENDAR\n"


def test_a_turn_that_was_moved_in_a_feed_leaves_nobody_on_duty_unasked(desk: Terminal) -> None:
    file = desk.folder / "ops.ics"
    words = ("oncall", "import", str(file), "--rotation", "ops", "--as", "ann")
    file.write_text(feed("Bo Lindt", _FAR), "utf-8")
    assert desk.json(*words)["gone"] == []
    file.write_text(feed("Bo Lindt", _FAR + timedelta(days=1)), "utf-8")
    assert desk.json(*words) == {"recorded": 1, "known": 0, "gone": [1]}
    assert "`upheld oncall undo 1`" in desk(*words).stdout
    desk("oncall", "undo", "1", "--as", "ann")
    assert desk.json(*words) == {"recorded": 0, "known": 1, "gone": []}


def test_what_json_is_printed_as_is_taken_by_the_file(desk: Terminal, edit: Change) -> None:
    file = desk.folder / "schedule.json"
    file.write_text(json.dumps(pagerduty(layer("Ann Reyes", "Zoe Quint"))), "utf-8")
    said = desk("oncall", "import", str(file), "--rotation", "third", "--as", "ann").stdout
    rotations = said[said.index("rotations:") + len("rotations:") :]
    edit("\nrotations:", f"\nrotations:{rotations.rstrip()}")
    edit("\npeople:", "\npeople:\n  zoe-quint: {name: Zoe Quint}")
    assert set(load_config(desk.config).directory().rotations) == {"third", "ops", "nights", "away"}
    assert on_duty(desk, at(), "third") in {"ann", "zoe-quint"}


def test_overrides_of_an_export_are_recorded_when_they_are_asked_for(desk: Terminal) -> None:
    entry = {"start": _FAR.isoformat(), "end": (_FAR + timedelta(hours=1)).isoformat()}
    who = {"user": {"id": "PB", "summary": "Bo Lindt"}}
    exported = pagerduty(overrides_subschedule={"rendered_schedule_entries": [{**entry, **who}]})
    file = desk.folder / "schedule.json"
    file.write_text(json.dumps(exported), "utf-8")
    words = ("oncall", "import", str(file), "--rotation", "ops", "--overrides", "--as", "ann")
    assert desk.json(*words) == {"recorded": 1, "known": 0, "gone": []}
    assert on_duty(desk, at(minutes=30)) == "bo"


@pytest.mark.parametrize("text", ["", "{}", "[1]", "{", "plain words"])
def test_what_is_no_schedule_is_told(desk: Terminal, text: str) -> None:
    file = desk.folder / "schedule.json"
    file.write_text(text, "utf-8")
    desk("oncall", "import", str(file), "--as", "ann", exits=ConfigError.exit_code)


# --- the picture ----------------------------------------------------------------------------------

_MONDAY = instant(datetime(2026, 12, 7, tzinfo=UTC))


def test_a_gap_is_seen_however_short_it_is() -> None:
    ends = (0, 2 * HOUR, 2 * HOUR + 1, 7 * DAY)
    shifts = [
        Shift(_MONDAY + a, _MONDAY + b, who)
        for a, b, who in zip(ends, ends[1:], ("ann", None, "bo"), strict=False)
    ]
    ((monday, cells),) = Picture(shifts, ZoneInfo("UTC")).rows()
    assert (monday.isoformat(), cells) == ("2026-12-07", "!" + "B" * 55)


def test_rows_begin_on_monday_and_what_is_not_asked_for_is_blank() -> None:
    shifts = [Shift(_MONDAY + 2 * DAY, _MONDAY + 9 * DAY, "ann")]
    rows = [cells for _, cells in Picture(shifts, ZoneInfo("UTC")).rows()]
    assert rows == [" " * 16 + "A" * 40, "A" * 16 + " " * 40]


def test_whoever_has_most_of_a_cell_has_it() -> None:
    shifts = [
        Shift(_MONDAY, _MONDAY + HOUR, "ann"),
        Shift(_MONDAY + HOUR, _MONDAY + 7 * DAY, "bo"),
    ]
    ((_, cells),) = Picture(shifts, ZoneInfo("UTC")).rows()
    assert cells[0] == "B"


def test_the_drawing_fits_eighty_columns_and_names_everybody() -> None:
    shifts = [Shift(_MONDAY, _MONDAY + 14 * DAY, "ann")]
    lines = [str(each) for each in drawn(Picture(shifts, ZoneInfo("UTC")), {"ann": "Ann Reyes"})]
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip() == "A Ann Reyes"
    assert lines[1].startswith("07 Dec")
