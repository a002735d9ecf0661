"""Fields of the built-in tracker, and values that survive being written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.plugin import Actor, Permanent, Side, Value
from upheld_builtin.fields import (
    FIELDS,
    SCHEMA,
    accepted,
    initial,
    read,
    read_actor,
    read_fields,
    written,
    written_actor,
    written_fields,
)

PAT = Actor("pat@acme.example", "Pat Lin")

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    texts,
    st.datetimes(timezones=st.just(UTC)),
    st.lists(texts).map(tuple),
)


@given(values)
def test_a_value_survives_being_written(value: Value) -> None:
    found = read(written(value))
    assert found == value
    assert type(found) is type(value)


@given(st.dictionaries(texts, values))
def test_fields_survive_together(fields: dict[str, Value]) -> None:
    assert read_fields(written_fields(fields)) == fields


@given(st.builds(Actor, texts, texts, st.lists(texts).map(tuple), st.sampled_from(Side)))
def test_an_actor_survives_being_written(actor: Actor) -> None:
    assert read_actor(written_actor(actor)) == actor


def test_an_instant_keeps_its_offset() -> None:
    berlin = datetime(2026, 7, 1, 13, tzinfo=timezone(timedelta(hours=2)))
    assert read(written(berlin)) == berlin


def test_a_new_case_has_every_field() -> None:
    assert initial({}, "Mail is down", PAT).keys() == {spec.name for spec in FIELDS}


def test_the_title_is_the_first_line_that_says_something() -> None:
    assert initial({}, "\n  \n Mail is down \nmore", PAT)["title"] == "Mail is down"


def test_a_long_first_line_is_cut() -> None:
    assert len(str(initial({}, "x" * 999, PAT)["title"])) == 200


def test_no_text_is_still_a_title() -> None:
    assert initial({}, " \n", PAT)["title"] == "(no title)"


def test_a_given_title_stays() -> None:
    assert initial({"title": "M-7"}, "Mail is down", PAT)["title"] == "M-7"


def test_a_case_starts_open() -> None:
    assert initial({}, "x", PAT)["status"] == "open"


def test_the_reporter_is_named() -> None:
    assert initial({}, "x", PAT)["reporter"] == "Pat Lin"
    assert initial({}, "x", Actor("pat@acme.example"))["reporter"] == "pat@acme.example"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"statsu": "open"}, "did you mean 'status'"),
        ({"xyzzy": 1}, "there is title, status"),
        ({"reporter": "ann"}, "no field 'reporter' to write"),
        ({"status": "done"}, "status can't be 'done'"),
        ({"status": None}, "status can't be None"),
        ({"title": ""}, "title can't be empty"),
        ({"due": datetime(2026, 12, 1)}, "without a zone"),  # noqa: DTZ001
    ],
)
def test_what_can_not_be_written_is_refused(fields: dict[str, Value], why: str) -> None:
    with pytest.raises(Permanent) as refused:
        accepted(fields)
    assert why in str(refused.value)


def test_what_can_be_written_is_taken_as_it_is() -> None:
    fields: dict[str, Value] = {"status": "worked", "severity": 1, "labels": ("a", "b")}
    assert accepted(fields) == fields


def test_the_schema_says_what_is_needed() -> None:
    required = {spec.name for spec in SCHEMA.fields if spec.required}
    assert required == {"title", "status"}
    assert "closed" in SCHEMA.statuses
