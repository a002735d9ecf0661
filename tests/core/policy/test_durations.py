"""A duration names its kind: elapsed, or business time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND
from upheld.policy.durations import parse_duration
from upheld.policy.times import Business, BusinessDays, Duration, Elapsed


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("24 hours", Elapsed(24 * HOUR, "24 hours")),
        ("1 hour", Elapsed(HOUR, "1 hour")),
        ("15 minutes", Elapsed(15 * MINUTE, "15 minutes")),
        ("30 seconds", Elapsed(30 * SECOND, "30 seconds")),
        ("2 weeks", Elapsed(14 * DAY, "2 weeks")),
        ("4 business hours", Business(4 * HOUR, "4 business hours")),
        ("90 business minutes", Business(90 * MINUTE, "90 business minutes")),
        ("1 business day", BusinessDays(1, "1 business day")),
        ("10 business days", BusinessDays(10, "10 business days")),
        ("  4   business\thours ", Business(4 * HOUR, "4 business hours")),
    ],
)
def test_a_duration_is_elapsed_or_business_time(text: str, length: Duration) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("1 day", "write `24 hours` or `1 business day`"),
        ("3 days", "write `72 hours` or `3 business days`"),
    ],
)
def test_a_bare_day_is_refused_with_both_choices(text: str, choices: str) -> None:
    with pytest.raises(ValueError, match="may mean either") as caught:
        parse_duration(text)
    assert str(caught.value).endswith(choices)


def test_silence_is_counted_in_days_of_24_hours() -> None:
    assert parse_duration("10 days", days=True) == Elapsed(10 * DAY, "10 days")


@pytest.mark.parametrize(
    "text", ["", "soon", "hours", "1.5 hours", "-1 hours", "1h", "1 Hour", "1 hour 30 minutes"]
)
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="write `24 hours` or `4 business hours`"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["1 month", "2 years", "1 fortnight", "1 business week"])
def test_units_whose_length_differs_are_unknown(text: str) -> None:
    with pytest.raises(ValueError, match="has no unit that is known"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    ["0 hours", "0 business days", "999999999 weeks", "3661 business days", "0 business hours"],
)
def test_nothing_and_more_than_ten_years_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ten years"):
        parse_duration(text)


@given(st.integers(1, 500), st.sampled_from(["minute", "hour"]), st.booleans())
def test_what_is_kept_as_text_reads_as_the_same_duration(
    count: int, unit: str, opens: bool
) -> None:
    length = parse_duration(f"{count}  {'business ' * opens}{unit}{'s' * (count != 1)}")
    assert parse_duration(length.text) == length
