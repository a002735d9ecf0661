"""Since when what is promised to whom really leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.desk.scene import Desk
from upheld.desk.scope import Scopes, in_shadow, scopes
from upheld.ledger import Period

CONNECTIONS = ("mailbox", "pager")
T1, T2, T3 = 10, 20, 30


def named(mode: str, *live_for: str) -> frozenset[str]:
    return scopes(mode, live_for, CONNECTIONS)


def test_go_live_names_customers_connections_or_all() -> None:
    assert named("live", "all", "acme", "pager") == {"all", "customer/acme", "connection/pager"}
    assert named("redirect", "acme") == {"redirect"}
    assert named("shadow", "all") == frozenset()
    assert named("live") == frozenset()


@pytest.mark.parametrize(
    ("before", "now", "acme", "others"),
    [
        ({}, named("live", "all"), T3, T3),
        ({"all": T1}, named("live", "all"), T1, T1),
        ({"customer/acme": T1}, named("live", "all"), T1, T3),
        ({"all": T1}, named("live", "acme"), T1, None),
        ({"customer/acme": T1}, named("live", "borealis"), None, None),
        ({"connection/pager": T1, "all": T2}, named("live", "all"), T1, T1),
        ({"redirect": T1}, named("live", "all"), T3, T3),
        ({"all": T1}, named("redirect"), T3, T3),
        ({"all": T1}, named("shadow"), None, None),
        ({"read/desk": T1}, named("live", "all"), T3, T3),
    ],
)
def test_whoever_was_live_stays_so_since_then(
    before: dict[str, int], now: frozenset[str], acme: int | None, others: int | None
) -> None:
    found = Scopes.under(now, before, T3)
    assert (found.of("acme"), found.of("others"), found.of(None)) == (acme, others, others)


def test_it_is_kept_in_the_ledger_and_what_ended_is_not_forgotten(desk_on_both: Desk) -> None:
    def edited(now: int, *live_for: str) -> None:
        ledger = desk_on_both.ledger
        with ledger.reading() as tx:
            found = Scopes.under(named("live", *live_for), tx.scopes(), now)
        for _ in range(2):  # a second daemon with the same file
            ledger.retrying(lambda tx: found.keep(tx, now))

    edited(T1, "acme")
    edited(T2)
    edited(T3, "all")
    with desk_on_both.ledger.reading() as tx:
        assert tx.periods() == [Period("customer/acme", T1, T2), Period("all", T3, None)]
        assert (tx.scopes(), tx.since("all"), tx.since("customer/acme")) == ({"all": T3}, T3, None)


@pytest.mark.parametrize(
    ("at", "customer", "shadow"),
    [
        (T1 - 1, "acme", True),
        (T1, "acme", False),
        (T2 - 1, "acme", False),
        (T2, "acme", True),
        (T3, "acme", False),
        (T1, "borealis", True),
        (T1, None, True),
        (T3, None, False),
    ],
)
def test_a_report_leaves_out_what_fell_due_in_shadow(
    at: int, customer: str | None, shadow: bool
) -> None:
    periods = [Period("customer/acme", T1, T2), Period("all", T3, None)]
    assert in_shadow(periods, customer, at) is shadow


@given(st.integers(0, 50), st.sampled_from(["acme", None]))
def test_while_nothing_ever_went_live_a_trial_counts(at: int, customer: str | None) -> None:
    assert not in_shadow([], customer, at)
    assert not in_shadow([Period("redirect", T1, None), Period("read/desk", T3, None)], None, at)
