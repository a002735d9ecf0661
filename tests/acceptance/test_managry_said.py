"""Managry, what is written and waits for the portal and monitors: G-07, G-10."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.waits import clause, lacks, told_as_waiting
from upheld.policy.model import Monitor, Offers


def test_g_07_while_typing_solutions_are_offered_by_the_portal_which_waits() -> None:
    (online,) = (rule for rule in clause("managry", "G-07").rules if isinstance(rule, Offers))
    assert "solutions" in online.offers
    assert lacks("managry", "G-07") == {"the portal"}


def test_g_10_capacity_and_availability_are_written_and_wait() -> None:
    (servers,) = clause("managry", "G-10").rules
    assert isinstance(servers, Monitor)
    assert servers.of == ("servers",)
    assert lacks("managry", "G-10") == {"monitors"}


def test_g_07_g_10_check_tells_that_they_wait(tmp_path: Path) -> None:
    assert {"G-07", "G-10"} <= told_as_waiting("managry", tmp_path)
