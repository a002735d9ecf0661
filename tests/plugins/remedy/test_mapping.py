"""Fields, keys, times and statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Permanent
from upheld_remedy import mapping
from upheld_remedy.config import RemedyConfig

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def config(**given_: Any) -> RemedyConfig:
    return RemedyConfig.model_validate(
        {"url": "https://ar", "user": "u", "password": "p", **given_}
    )


def row(**values: Any) -> dict[str, Any]:
    return {"Status": "New", "Description": "Mail is down", "Priority": "Medium"} | values


# --- times and keys ---


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001
def test_a_time_comes_back_from_any_zone(naive: datetime, hours: int) -> None:
    at = naive.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert mapping.instant(mapping.written(at)) == at
    assert mapping.instant(f"{at:%Y-%m-%dT%H:%M:%S}.000{at:%z}") == at


@given(st.text(max_size=40))
def test_a_key_comes_back(key: str) -> None:
    assert mapping.key_in(mapping.marker(key, 60)) == key


@given(st.text(min_size=60, max_size=90), st.text(min_size=60, max_size=90))
def test_a_long_key_is_cut_and_stays_its_own(key: str, other: str) -> None:
    marked = mapping.marker(key, 40)
    assert len(marked) == 40
    assert (marked == mapping.marker(other, 40)) is (key == other)


@pytest.mark.parametrize("text", [None, "", "PO-4711", "Upheld:x"])
def test_what_people_wrote_is_no_key(text: str | None) -> None:
    assert mapping.key_in(text) is None


def test_an_instance_id_follows_from_its_key() -> None:
    assert mapping.instance("a") == mapping.instance("a") != mapping.instance("b")
    assert len(mapping.instance("a")) <= 38


# --- what is to be written ---


def test_only_what_differs_is_written() -> None:
    now = row(**{"Assignee Login ID": "bo"})
    assert mapping.changed({"title": "Mail is down", "assignee": "ann"}, now, config()) == {
        "assignee": "ann"
    }


def test_priority_is_written_as_the_pair_that_makes_it() -> None:
    values = mapping.to_modify({"priority": "High"}, config())
    assert values == {
        "z1D Action": "MODIFY",
        "Impact": "2-Significant/Large",
        "Urgency": "2-High",
    }


def test_a_priority_beside_another_impact_is_refused() -> None:
    with pytest.raises(Permanent, match="differ"):
        mapping.to_modify({"priority": "High", "impact": "4-Minor/Localized"}, config())


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"number": "INC1"}, "number"),
        ({"nothing": "x"}, "nothing"),
        ({"status": "Open"}, "status"),
        ({"impact": "huge"}, "impact"),
        ({"title": "x" * 101}, "title"),
    ],
)
def test_what_can_not_be_written_is_named(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(Permanent, match=what) as caught:
        mapping.changed(fields, row(), config())
    assert caught.value.do_next


def test_a_status_takes_along_what_is_usual() -> None:
    now = row(Resolution="Rebooted.", Status_Reason="Client Hold", **{"Assignee Login ID": "bo"})
    assert mapping.changed({"status": "Resolved"}, now, config()) == {
        "status": "Resolved",
        "status_reason": "No Further Action Required",  # that of a wait says nothing of an end
    }


def test_what_somebody_says_goes_before_what_is_usual() -> None:
    wanted = {"status": "Pending", "status_reason": "Supplier Delivery", "assignee": "bo"}
    assert mapping.changed(dict(wanted), row(), config()) == wanted


def test_a_status_that_lacks_something_says_what() -> None:
    with pytest.raises(Permanent, match="'Resolved' needs assignee and resolution"):
        mapping.changed({"status": "Resolved"}, row(), config())


def test_a_status_that_stays_needs_nothing() -> None:
    assert mapping.changed({"status": "Resolved"}, row(Status="Resolved"), config()) == {}


def test_a_new_incident_has_what_the_site_wants_of_it() -> None:
    values = mapping.to_create(
        mapping.opening({"title": "Down", "priority": "Low"}, config()), config()
    )
    assert values["z1D_Action"] == "CREATE"
    assert (values["Description"], values["Reported Source"]) == ("Down", "Email")
    assert (values["Impact"], values["Urgency"]) == ("4-Minor/Localized", "4-Low")
    assert "Priority" not in values


def test_a_long_title_is_cut_where_an_incident_is_new() -> None:
    assert mapping.opening({"title": "x" * 300}, config())["title"] == "x" * 100
    assert mapping.opening({}, config())["title"] == "(no title)"


def test_a_field_of_the_site() -> None:
    own = {"region": "Site Region", "due": {"read": "Due", "modify": "Due", "date": True}}
    mine = config(fields=own)
    assert mapping.to_modify({"due": NOON, "region": "EU"}, mine)["Due"] == mapping.written(NOON)
    assert (
        mapping.fields({"Due": mapping.written(NOON), "Site Region": "EU"}, mine.names)["due"]
        == NOON
    )
    assert "Due" not in mapping.to_create({"due": NOON}, mine)


@pytest.mark.parametrize(("preset", "action"), [("itsm-9", "z1D_Action"), ("helix", "z1D Action")])
def test_presets_differ_in_the_action_that_modifies(preset: str, action: str) -> None:
    assert mapping.to_modify({"title": "x"}, config(preset=preset))[action] == "MODIFY"


# --- the schema ---


def test_moves_tell_what_they_require() -> None:
    moves = {each.target: each.requires for each in mapping.schema(config()).transitions}
    assert moves["Resolved"] == ("assignee", "resolution")
    assert moves["New"] == ()


def test_priority_can_be_written_and_numbers_can_not() -> None:
    specs = {each.name: each for each in mapping.schema(config()).fields}
    assert specs["priority"].writable
    assert specs["priority"].values == ("Critical", "High", "Medium", "Low")
    assert not specs["number"].writable
