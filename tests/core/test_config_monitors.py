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


@pytest.mark.parametrize("place", ["192.0.2.1", "192.0.2.1:", ":443", "192.0.2.1:https", "a:70000"])
def test_what_answers_while_our_line_does_has_a_port(place: str) -> None:
    with pytest.raises(ValidationError, match="is no place: write"):
        WatchingEntry.model_validate({"link": place})


def test_one_or_more_may_answer() -> None:
    assert WatchingEntry.model_validate({"link": "[2001:db8::1]:53"}).link == ("[2001:db8::1]:53",)
