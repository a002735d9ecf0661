"""`upheld check` holds a connection's map against the tracker itself."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.plugin import Ability
from upheld_builtin.adapter import Builtin

DESK = "  desk: {plugin: builtin}\n"


def about(upheld: Terminal, name: str, exits: int = 0) -> list[tuple[str, str]]:
    found = upheld.json("check", exits=exits)
    return [(each["level"], each["what"]) for each in found if each["about"] == name]


def test_what_the_tracker_does_not_have_is_an_error(upheld: Terminal, edit: Change) -> None:
    edit(DESK, '  desk: {plugin: builtin, map: {severity: {High: 1, Low: 9}, region: "Regoin"}}\n')
    found = about(upheld, "desk", exits=3)
    assert ("error", "map.region: the tracker has no field 'Regoin'") in found
    assert ("error", "map.severity: 9 is no severity of the policy") in found
    assert (
        "warning",
        "map.severity: severity 2 is never written: no value of theirs is it",
    ) in found


def test_a_map_that_loses_something_is_told_and_works(upheld: Terminal, edit: Change) -> None:
    words = "{1: 1, 2: 2, 3: 3, 4: 3}"
    edit(DESK, f"  desk: {{plugin: builtin, map: {{severity: {words}}}}}\n")
    found = about(upheld, "desk")
    assert ("ok", "map.severity: 4 is read as 3 and never written; 3 is") in found
    assert all(level == "ok" for level, _ in found)


def test_customers_hear_one_voice(upheld: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    abilities = Builtin.abilities | {Ability.NOTIFIES_CUSTOMER}
    monkeypatch.setattr(Builtin, "abilities", abilities)
    told = [level for level, what in about(upheld, "desk") if "by itself" in what]
    assert told == ["warning"], "once"


def test_one_voice_follows_from_a_setting(
    upheld: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a far end writes to customers may be known of an installation alone."""
    found = frozenset({*Builtin.abilities, Ability.NOTIFIES_CUSTOMER})
    monkeypatch.setattr(Builtin, "abilities_with", lambda _config: found)
    told = [level for level, what in about(upheld, "desk") if "by itself" in what]
    assert told == ["warning"]
