"""Scenarios in a few words, lived through."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from upheld.engine.terms import Terms, compile_terms
from upheld.errors import ConfigError
from upheld.policy import load_shipped
from upheld.rehearsal.compare import Compared, compared
from upheld.rehearsal.messages import Said
from upheld.rehearsal.read import scenarios
from upheld.rehearsal.scenario import Scenario
from upheld.rehearsal.stage import Played, play
from upheld.source import parse

START: Final = "2026-03-03T14:00:00Z"
CUSTOMERS: Final = {
    "acme": {
        "domains": ["acme.example"],
        "contacts": {"contact": "pat@acme.example", "technical": "tom@acme.example"},
    }
}
OPENED: Final = {"at": START, "fact": "opened", "customer": "acme", "text": "One server is slow"}


def triaged(severity: int, at: str = "+5m") -> dict[str, Any]:
    return {"at": at, "fact": "triaged", "severity": severity, "number": "1042"}


def scenario(*facts: dict[str, Any], until: str = "+1h", **more: Any) -> Scenario:
    """One scenario of Magnolia's, read as from a file."""
    data = {"policy": "magnolia", "customers": CUSTOMERS, "facts": list(facts), "until": until}
    (read,) = scenarios(parse(json.dumps(data | more), "s.json"))
    return read


def wrong(*facts: dict[str, Any], until: str = "+1h", **more: Any) -> str:
    """What is wrong with one."""
    with pytest.raises(ConfigError) as caught:
        scenario(*facts, until=until, **more)
    return str(caught.value)


def terms(policy: str = "magnolia") -> Terms:
    return compile_terms(load_shipped(policy))


def played(found: Scenario) -> Played:
    return play(
        terms(found.policy), found.directory, list(found.facts.items()), found.until, found.down
    )


def said(found: Scenario) -> list[tuple[str, str, str]]:
    """When after the start in minutes, what for, to whom."""
    at = min(fact.at for facts in found.facts.values() for fact in facts)
    return [
        (f"+{(each.at - at) / 60_000_000:g}m", each.purpose.value, each.to)
        for each in played(found).messages
    ]


def told(found: Scenario) -> tuple[Said, ...]:
    return played(found).messages


def outcome(found: Scenario) -> Compared:
    return compared(found, played(found))
