"""Availability by month: whose month it is, what counts, and that nothing gets lost (G-10, M-27, P-05)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.report.watching import PRAGUE, life, target, turned, wall
from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant
from upheld.report.availability import (
    NO_CAUSE,
    Target,
    availability,
    by_customer,
    by_provider,
    cause_shares,
    days,
    months,
    pieces,
    without_backup,
)
from upheld.report.uptime import Health, Stretch

OUTAGE = life(
    turned("2026-10-01 00:00", "up"),
    turned("2026-10-31 22:09", "down", since="2026-10-31 22:00", case="C7"),
    turned("2026-11-01 03:00", "up"),
    turned("2026-11-10 00:00", "down", case="C8"),
    turned("2026-11-10 01:00", "up"),
    until="2026-12-01 00:00",
)
CAUSES = {"C7": "hardware"}


def test_an_outage_at_the_edge_of_a_month_is_split_there_exactly() -> None:
    october, november = availability([target("web", OUTAGE)], CAUSES)
    assert (october.month, october.down, october.outages) == ("2026-10", 2 * HOUR, 1)
    assert (november.month, november.down, november.outages) == ("2026-11", 4 * HOUR, 2)
    assert (october.longest, november.longest) == (2 * HOUR, 3 * HOUR)


def test_a_month_is_as_long_as_it_is_on_the_customers_wall() -> None:
    october, november = availability([target("web", OUTAGE)], CAUSES)
    assert october.watched == 31 * DAY + HOUR, "the night of the winter time"
    assert november.watched == 30 * DAY


def test_the_same_outage_is_another_months_in_another_zone() -> None:
    there = Target("M1", "web", "America/New_York", tuple(OUTAGE))
    october = availability([there], CAUSES)[1]
    assert (october.month, october.down) == ("2026-10", 5 * HOUR)


def test_causes_split_what_was_down() -> None:
    _, november = availability([target("web", OUTAGE)], CAUSES)
    assert november.causes == {"hardware": 3 * HOUR, NO_CAUSE: HOUR}


def test_what_failed_behind_another_is_caused_by_that() -> None:
    found = life(
        turned("2026-11-01 00:00", "down", excuse="behind router"), until="2026-11-02 00:00"
    )
    assert availability([target("web", found)], {})[0].causes == {"behind router": DAY}


def test_planned_and_inconclusive_count_neither_way() -> None:
    found = life(
        turned("2026-11-01 00:00", "up"),
        turned("2026-11-01 10:00", "down", excuse="window W1"),
        turned("2026-11-01 12:00", "inconclusive"),
        turned("2026-11-01 14:00", "degraded"),
        turned("2026-11-01 16:00", "down"),
        turned("2026-11-01 17:00", "up"),
        until="2026-11-01 20:00",
    )
    (row,) = availability([target("web", found)], {})
    assert (row.planned, row.inconclusive, row.outages) == (2 * HOUR, 2 * HOUR, 1)
    assert row.watched == 20 * HOUR
    assert row.available == pytest.approx(15 / 16)


def test_of_what_nothing_is_known_no_share_is_told() -> None:
    found = life(turned("2026-11-01 00:00", "inconclusive"), until="2026-11-02 00:00")
    assert availability([target("web", found)], {})[0].available is None


def test_what_was_not_watched_has_no_row() -> None:
    found = life(turned("2026-11-01 00:00", "paused"), until="2026-12-05 00:00")
    assert availability([target("web", found)], {}) == []


def test_customers_and_providers_have_rows_of_their_own() -> None:
    two = [
        target("web", OUTAGE, customer="acme", provider="telco"),
        target("spare", OUTAGE, customer="acme"),
        target("ours", OUTAGE),
    ]
    october, november = availability(two, CAUSES, by=by_customer)
    assert (october.name, october.outages, november.outages) == ("acme", 2, 4)
    assert november.down == 8 * HOUR
    assert {row.name for row in availability(two, CAUSES, by=by_provider)} == {"telco"}


def test_causes_are_listed_by_month_the_most_first() -> None:
    found = cause_shares([target("web", OUTAGE), target("mail", OUTAGE)], CAUSES)
    assert [(each.month, each.cause, each.outages, each.down // HOUR) for each in found] == [
        ("2026-10", "hardware", 2, 4),
        ("2026-11", "hardware", 2, 6),
        ("2026-11", NO_CAUSE, 2, 2),
    ]
    assert found[1].longest == 3 * HOUR


def test_two_monitors_of_one_name_are_one_row_and_their_outages_are_counted_apart() -> None:
    old = Target("M1", "web", PRAGUE, tuple(OUTAGE[:2]))
    new = Target("M2", "web", PRAGUE, tuple(OUTAGE[1:2]))
    october, _ = availability([old, new], CAUSES)
    assert (october.name, october.outages) == ("web", 2)


def test_plain_values_are_seconds() -> None:
    row = availability([target("web", OUTAGE)], CAUSES)[0].as_dict()
    assert (row["down"], row["causes"]) == (7200.0, {"hardware": 7200.0})
    assert row["available"] == pytest.approx(1 - 2 / (31 * 24 + 1))


# --- M-20 -------------------------------------------------------------------------------------------


def test_a_customer_with_one_server_is_without_a_backup() -> None:
    assert without_backup([target("web", [], customer="acme")]) == ["acme"]


def test_one_that_stands_in_is_a_backup_and_one_that_is_gone_is_none() -> None:
    web = target("web", [], customer="acme")
    spare = target("spare", [], customer="acme", backup_of="web")
    gone = target("spare", [], customer="acme", backup_of="web", retired=True)
    assert without_backup([web, spare]) == []
    assert without_backup([web, gone]) == ["acme"]


def test_only_customers_of_whom_a_server_is_watched_are_asked_for_one() -> None:
    line = target("line", [], customer="acme", of="connections")
    assert without_backup([line, target("ours", [])]) == []


# --- nothing gets lost ------------------------------------------------------------------------------

ZONES = st.sampled_from(
    [PRAGUE, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
START = wall("2025-01-20 12:34")


@st.composite
def lives(draw: st.DrawFn) -> Target:
    """Any life, of months, with outages numbered as they are told apart."""
    lengths = draw(st.lists(st.integers(1, 90 * 24 * 60), min_size=1, max_size=12))
    healths = draw(st.lists(st.sampled_from(Health), min_size=len(lengths), max_size=len(lengths)))
    edges = [START]
    for length in lengths:
        edges.append(edges[-1] + length * MINUTE)
    stretches = tuple(
        Stretch(begins, ends, health, outage=number if health is Health.DOWN else 0)
        for number, ((begins, ends), health) in enumerate(
            zip(pairwise(edges), healths, strict=True), 1
        )
    )
    name = draw(st.sampled_from(["web", "mail", "vpn"]))
    customer = draw(st.sampled_from(["acme", "globex"]))
    return Target(draw(st.uuids()).hex, name, draw(ZONES), stretches, customer)


@given(st.lists(lives(), max_size=4))
def test_the_parts_add_up_to_the_time_watched(targets: list[Target]) -> None:
    whole = Counter[Health]()
    for each in targets:
        for stretch in each.stretches:
            whole[stretch.health] += stretch.length
    for by in (by_customer, lambda one: one.name):
        rows = availability(targets, {}, by=by)
        for row in rows:
            parts = (row.up, row.degraded, row.down, row.planned, row.inconclusive)
            assert sum(parts) == row.watched
            assert sum(row.causes.values()) == row.down
            assert (row.outages > 0) == (row.down > 0)
            assert row.longest <= row.down
        assert sum(row.watched for row in rows) == whole.total() - whole[Health.UNWATCHED]
        assert sum(row.down for row in rows) == whole[Health.DOWN]
    assert sum(each.down for each in cause_shares(targets, {})) == whole[Health.DOWN]


@given(ZONES, st.integers(0, 3 * 365 * DAY), st.integers(1, 400 * DAY))
def test_months_and_days_follow_each_other_and_cover_the_time(
    zone: str, begins: Instant, span: int
) -> None:
    first = wall("2024-12-31 23:59") + begins
    for walls in (months, days):
        found = list(walls(ZoneInfo(zone), first, first + span))
        assert found[0].begins <= first < found[0].ends
        assert found[-1].begins < first + span <= found[-1].ends
        assert all(one.ends == other.begins for one, other in pairwise(found))
        assert len({each.label for each in found}) == len(found)


def test_a_stretch_is_cut_where_a_day_ends() -> None:
    night = Stretch(wall("2026-10-24 12:00"), wall("2026-10-26 12:00"), Health.UP)
    found = list(pieces(target("web", [night]), days))
    assert [(label, piece.length // HOUR) for label, piece in found] == [
        ("2026-10-24", 12),
        ("2026-10-25", 25),
        ("2026-10-26", 12),
    ]
