"""Managry, what is said of watching, and what waits for the portal: G-07, G-10."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.waits import clause, lacks, told_as_waiting
from upheld.policy.model import Monitor, Offers


def test_g_07_while_typing_solutions_are_offered_by_the_portal_which_waits() -> None:
    (online,) = (rule for rule in clause("managry", "G-07").rules if isinstance(rule, Offers))
    assert "solutions" in online.offers
    assert lacks("managry", "G-07") == {"the portal"}


def test_g_10_availability_is_watched() -> None:
    (servers,) = clause("managry", "G-10").rules
    assert isinstance(servers, Monitor)
    assert servers.of == ("servers",)
    assert lacks("managry", "G-10") == set()


def test_g_07_check_tells_that_it_waits(tmp_path: Path) -> None:
    assert told_as_waiting("managry", tmp_path) == {"G-07"}
