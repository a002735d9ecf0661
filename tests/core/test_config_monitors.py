"""What is watched, in upheld.yaml."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from upheld.calendar.instant import HOUR
from upheld.config.monitors import MonitorEntry, WatchingEntry


def entry(**written: Any) -> MonitorEntry:
    return MonitorEntry.model_validate({"name": "web", **MonitorEntry.split(written)})


def test_what_is_not_the_cores_belongs_to_the_probe() -> None:
    read = entry(of="servers", customer="acme", probe="http", url="https://acme.example")
    assert (read.of, read.customer, read.probe) == ("servers", "acme", "http")
    assert read.options == {"url": "https://acme.example"}


def test_what_is_heard_of_has_a_grace() -> None:
    read = entry(of="backups", fed_by="beats", grace="1 hour")
    assert (read.fed_by, read.grace, read.options) == ("beats", HOUR, {})


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ({}, "needs `probe`, or `fed_by`"),
        ({"probe": "http", "fed_by": "beats"}, "and not both"),
        ({"probe": "http", "grace": "1 hour"}, "it needs `fed_by`"),
        ({"fed_by": "beats", "grace": "a while"}, "is no duration"),
    ],
)
def test_a_monitor_is_asked_or_heard_of(written: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        entry(**written)


def test_more_than_everything_cannot_fail() -> None:
    with pytest.raises(ValidationError, match="100"):
        WatchingEntry(blind_above=101)
