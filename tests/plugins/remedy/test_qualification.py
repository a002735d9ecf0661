"""Qualifications, read back by the server's own parser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_remedy.qualification import after, all_of, any_of, compare, equal, one_of
from upheld_remedy.simulator.qualify import BadQualification, Qualification

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOSTILE = st.text() | st.sampled_from(
    ['"', "'", '""', "\\", '" OR "1" = "1', "' OR 1=1 --", '")', "$NULL$", "%", "\n", 'a\\"b']
)


def fits(text: str, row: dict[str, object]) -> bool:
    return Qualification(text, {name: name for name in row}, {"Status": ("New", "Assigned")}).fits(
        row
    )


@given(name=HOSTILE, value=HOSTILE, other=HOSTILE)
def test_any_value_is_found_as_it_is_and_no_other(name: str, value: str, other: str) -> None:
    asked = equal(name, value)
    assert fits(asked, {name: value})
    assert fits(asked, {name: other}) is (other == value)


@given(st.lists(HOSTILE, min_size=1, max_size=5), HOSTILE)
def test_one_of_many(values: list[str], value: str) -> None:
    assert fits(one_of("F", values), {"F": value}) is (value in values)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made aware below
    st.integers(-3, 3),
    st.integers(-14, 14),
)
def test_an_instant_means_the_same_in_every_zone(naive: datetime, seconds: int, hours: int) -> None:
    at = naive.replace(microsecond=0, tzinfo=UTC)
    there = (at + timedelta(seconds=seconds)).astimezone(UTC) + timedelta(0)
    asked = compare("At", ">=", at.astimezone(UTC))
    assert fits(asked, {"At": there}) is (there >= at)


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_parentheses_hold_what_and_would_tear_apart(bits: list[bool]) -> None:
    row = {name: "1" if bit else "0" for name, bit in zip("abcd", bits, strict=True)}
    a, b, c, d = (equal(name, "1") for name in "abcd")
    told = all_of(any_of((a, b)), any_of((c, d)))
    assert fits(told, dict(row)) is ((bits[0] or bits[1]) and (bits[2] or bits[3]))


@pytest.mark.parametrize(
    ("seconds", "key", "comes"),
    [(0, "INC2", False), (0, "INC3", True), (1, "INC1", True), (-1, "INC9", False)],
)
def test_what_comes_after_a_row(seconds: int, key: str, comes: bool) -> None:
    row = {"At": NOON + timedelta(seconds=seconds), "Key": key}
    assert fits(after("At", NOON, "Key", "INC2"), row) is comes


def test_an_empty_part_says_nothing() -> None:
    assert all_of("", equal("F", "x"), "") == equal("F", "x")


# --- the parser itself ---


@pytest.mark.parametrize(
    "text",
    ["", "'F'", "'F' =", "'F' = \"a", "('F' = \"a\"", "'G' = 1", "'F' = \"a\" nonsense", "1 = 1"],
)
def test_what_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadQualification):
        Qualification(text, {"F": "F"}, {})


def test_and_binds_before_or() -> None:
    row: dict[str, object] = {"F": "1", "G": "0"}
    assert fits("'F' = \"1\" OR 'G' = \"1\" AND 'G' = \"0\"", row)
    assert not fits("('F' = \"1\" OR 'G' = \"1\") AND 'G' = \"1\"", row)


def test_a_label_or_its_index() -> None:
    assert fits("'Status' = \"Assigned\"", {"Status": "Assigned"})
    assert fits("'Status' < 1", {"Status": "New"})
    assert not fits("'Status' < 1", {"Status": "Assigned"})


def test_nothing_and_like() -> None:
    assert fits("'F' = $NULL$", {"F": None})
    assert not fits("'F' = $NULL$", {"F": "x"})
    assert fits("NOT 'F' LIKE \"%b_d%\"", {"F": "good"})
    assert fits("'F' LIKE \"%b_d%\"", {"F": "very bad"})


def test_a_time_in_words_depends_on_somebodys_locale() -> None:
    with pytest.raises(BadQualification):
        fits("'At' >= \"12/01/2026\"", {"At": NOON})
