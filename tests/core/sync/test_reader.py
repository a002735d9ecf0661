"""What a mapped item says, as facts of its case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.desk.scene import BO, NOW, Desk
from tests.core.desk.test_tracked import BEFORE, BOT, CUSTOMER, STAFF, changed, item, take
from upheld.calendar.instant import MINUTE, moment
from upheld.case.events import Actor, Flagged, Noted, Side, Triaged
from upheld.config.mapping import RuleEntry
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import RemoteCase, Value
from upheld.sync.fieldmap import field_map
from upheld.sync.terms import Tracking

MAP = field_map(
    [
        RuleEntry(ours="severity", field="Priority", values={"High": 1, "Low": 3}),
        RuleEntry(ours="status", field="State", values={"open": "New", "worked": "Doing"}),
        RuleEntry(ours="assignee", field="Owner"),
        RuleEntry(ours="triaged", field="Triaged by"),
        RuleEntry(ours="customer_system", label="cs"),
        RuleEntry(ours="region", remote="Region"),
    ],
    {"bo": "blindt", "ann": "areyes"},
)


@pytest.fixture
def mapped(desk: Desk) -> Desk:
    desk.trackings["desk"] = Tracking(map=MAP)
    return desk


def edited(
    field: str, old: Value, new: Value, by: RemoteActor = STAFF, **fields: Any
) -> RemoteCase:
    """The item after this change, with further fields as they were all the time."""
    found = changed(field, old, new, by)
    return replace(found, fields={**found.fields, **fields}, updated=moment(NOW))


def test_an_item_opens_a_case_in_our_words(mapped: Desk) -> None:
    fields = {"Priority": "High", "State": "New", "Owner": "blindt", "Region": "east"}
    take(mapped, item(fields={**fields, "labels": ("cs", "x"), "queue": "theirs", "reporter": BO}))
    state = mapped.state()
    assert (state.acting_severity, state.assignee, state.fields["region"]) == (1, "bo", "east")
    assert state.flags >= {"customer_system"}
    assert state.queue != "theirs", "what is not in the map is not read"


def test_a_field_that_is_filled_triages_in_the_name_of_whom_it_names(mapped: Desk) -> None:
    take(mapped, item(fields={"Priority": "Low"}))
    take(mapped, edited("Triaged by", None, "areyes", Priority="Low"))
    event = mapped.last("triaged")
    assert (event.actor, event.at) == (Actor("ann", Side.STAFF), BEFORE + 10 * MINUTE)
    assert isinstance(event.body, Triaged)
    assert (event.body.severity, mapped.state().number) == (3, "T-1")


def test_a_case_is_triaged_once(mapped: Desk) -> None:
    take(mapped, item(fields={"Priority": "Low"}))
    mapped.verbs.triage("C1", Actor("ann", Side.STAFF), 2)
    take(mapped, edited("Triaged by", None, "blindt", Priority="Low"))
    assert mapped.kinds().count("triaged") == 1
    assert mapped.last("noted").body == Noted("[triaged] again: bo, on the tracker")


@pytest.mark.parametrize(
    ("name", "by", "fields"),
    [
        ("areyes", STAFF, {}),
        ("areyes", STAFF, {"Priority": "Odd"}),
        ("nobody", CUSTOMER, {"Priority": "Low"}),
    ],
)
def test_without_a_severity_or_one_of_ours_it_is_noted(
    mapped: Desk, name: str, by: RemoteActor, fields: dict[str, Any]
) -> None:
    take(mapped, item(fields=fields))
    take(mapped, edited("Triaged by", None, name, by, **fields))
    assert "triaged" not in mapped.kinds()
    assert "[triaged]" in mapped.last("noted").body.text


def test_a_label_is_a_flag_that_is_set_and_cleared(mapped: Desk) -> None:
    take(mapped, item(fields={"labels": ("x",)}))
    assert "flagged" not in mapped.kinds(), "what is not set is not said"
    first = edited("labels", ("x",), ("x", "cs"))
    take(mapped, first)
    assert mapped.last("flagged").body == Flagged("customer_system")
    off = changed("labels", ("x", "cs"), ("x",), minutes=20)
    history = (*(first.history or ()), *(off.history or ()))
    take(mapped, replace(off, history=history, updated=moment(NOW)))
    assert mapped.last("flagged").body == Flagged("customer_system", on=False)


def test_a_value_without_a_meaning_is_a_note_and_moves_nothing(mapped: Desk) -> None:
    take(mapped, item(fields={"State": "New"}))
    take(mapped, edited("State", "New", "closed"))
    assert mapped.last("noted").body == Noted("[status] 'closed' is none we know")
    assert mapped.state().status == "open", "their word, not ours of the same letters"


def test_what_a_machine_does_there_works_nothing(mapped: Desk) -> None:
    take(mapped, item(fields={"State": "New"}))
    take(mapped, edited("State", "New", "Doing", BOT))
    assert mapped.state().worked_at is None
