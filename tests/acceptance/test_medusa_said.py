"""Medusa, what is written of what is watched: P-05, P-07, P-09, P-10."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.acceptance.waits import clause, lacks
from upheld.calendar.instant import DAY, MINUTE
from upheld.policy.model import Monitor, Opens
from upheld.policy.times import Elapsed

WATCHED: Final[dict[str, dict[str, Any]]] = {
    "P-05": {"of": ("internet-providers",), "notify": ("isp-liaison", "provider")},
    "P-07": {"of": ("backups",), "every": Elapsed(DAY, "24 hours"), "opens": Opens(2)},
    "P-09": {"of": ("connections",), "every": Elapsed(MINUTE, "1 minute"), "requests": 3},
    "P-10": {"of": ("systems",), "opens": None, "warns": ("customer.technical", "help-desk")},
}


@pytest.mark.parametrize(("name", "spec"), WATCHED.items())
def test_p_05_p_07_p_09_p_10_it_is_written_what_is_watched_and_who_hears(
    name: str, spec: dict[str, Any]
) -> None:
    (rule,) = clause("medusa", name).rules
    assert isinstance(rule, Monitor)
    assert {key: getattr(rule, key) for key in spec} == spec
    assert lacks("medusa", name) == set()
