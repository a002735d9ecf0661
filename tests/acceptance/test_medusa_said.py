"""Medusa, what is written and waits for monitors: P-05, P-07, P-09, P-10."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.waits import clause, lacks, told_as_waiting
from upheld.calendar.instant import DAY, MINUTE
from upheld.policy.model import Monitor, Opens
from upheld.policy.times import Elapsed

WATCHED: Final[dict[str, dict[str, Any]]] = {
    "P-05": {"of": ("internet-providers",), "notify": ("isp-liaison",)},
    "P-07": {"of": ("backups",), "every": Elapsed(DAY, "24 hours"), "opens": Opens(2)},
    "P-09": {"of": ("connections",), "every": Elapsed(MINUTE, "1 minute"), "requests": 3},
    "P-10": {"of": ("systems",), "warns": ("customer.technical", "help-desk")},
}


@pytest.mark.parametrize(("name", "spec"), WATCHED.items())
def test_p_05_p_07_p_09_p_10_monitors_are_written_and_wait(name: str, spec: dict[str, Any]) -> None:
    (rule,) = clause("medusa", name).rules
    assert isinstance(rule, Monitor)
    assert {key: getattr(rule, key) for key in spec} == spec
    assert lacks("medusa", name) == {"monitors"}


def test_p_10_a_warning_opens_no_case() -> None:
    (rule,) = clause("medusa", "P-10").rules
    assert isinstance(rule, Monitor)
    assert rule.opens is None


def test_p_05_p_07_p_09_p_10_check_tells_that_they_wait(tmp_path: Path) -> None:
    assert set(WATCHED) <= told_as_waiting("medusa", tmp_path)
