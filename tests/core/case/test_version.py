"""Versions, compared as people order them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.case.version import comparable, older

ORDERED = [
    ("1.9", "1.10", "2", "2.0.1"),
    ("2.4.dev1", "2.4a1", "2.4rc1", "2.4", "2.4.post1", "2.4.1"),
    ("v1.2", "v1.3"),
    ("firmware 7.1 build 9", "firmware 7.1 build 10", "firmware 7.2"),
    ("RouterOS-6.49-rc2", "RouterOS-6.49", "RouterOS-6.49-1"),
    ("2026-03-01-r9", "2026-03-01-r10", "2026-11-01-r1"),
]


@pytest.mark.parametrize("versions", ORDERED)
def test_the_order_is_the_one_that_people_mean(versions: tuple[str, ...]) -> None:
    for before, after in pairwise(versions):
        assert older(before, after), (before, after)
        assert not older(after, before), (before, after)


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_system_tells_is_ordered(one: str, other: str) -> None:
    assert not older(one, one)
    assert not (older(one, other) and older(other, one))


@pytest.mark.parametrize(
    ("version", "can"), [("2.4", True), ("r7", True), ("latest", False), ("", False)]
)
def test_a_version_has_a_number(version: str, *, can: bool) -> None:
    assert comparable(version) is can
