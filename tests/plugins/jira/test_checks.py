"""`check` names everything that is missing, and changes nothing; `schema` tells what can be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.jira.connected import Desk, desk
from upheld.plugin import Level
from upheld.testing import SteppedClock
from upheld_jira.checks import NEEDED


@pytest.fixture(params=["cloud", "dc"])
def it(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Desk]:
    with desk(tmp_path, clock, request.param) as found:
        yield found


def told(it: Desk, level: Level) -> list[str]:
    return [each.what for each in it.tracker.check() if each.level is level]


def test_a_site_on_which_all_is_well(it: Desk) -> None:
    it.jira.create("Mail is down")
    assert told(it, Level.ERROR) == []
    (who,) = told(it, Level.OK)
    assert "as Upheld; SUP is with a portal" in who
    assert [each for each in it.asked if not each.startswith("GET")] == []


@pytest.mark.parametrize("permission", NEEDED)
def test_every_missing_permission_is_named(it: Desk, permission: str) -> None:
    it.jira.create("Mail is down")
    it.jira.deny(permission)
    said = " ".join(told(it, Level.ERROR))
    assert permission in said or (permission == "BROWSE_PROJECTS" and "no project 'SUP'" in said)


def test_whether_customers_are_mailed_a_person_has_to_say(
    tmp_path: Path, clock: SteppedClock
) -> None:
    for said, wanted in (({}, 1), ({"mails_customers": False}, 0), ({"mails_customers": True}, 0)):
        with desk(tmp_path, clock, **said) as it:
            asked = [each for each in told(it, Level.WARNING) if "mails its customers" in each]
            assert len(asked) == wanted


def test_a_field_that_creating_asks_for_is_named(it: Desk) -> None:
    it.jira.add_field("Region", "select", ("EMEA",), required=True)
    assert any("'Region' is required" in each for each in told(it, Level.WARNING))


def test_a_field_that_a_move_asks_for_is_named(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock, on_move={}) as it:
        key = it.jira.create("Mail is down")
        it.jira.move(key, "Work in progress")
        (found,) = [each for each in it.tracker.check() if "asks for" in each.what]
    assert found.what == "Resolve asks for 'resolution'"
    assert "on_move" in found.do_next


def test_a_token_that_is_no_longer_good(it: Desk) -> None:
    it.jira.expire_token()
    (error,) = told(it, Level.ERROR)
    assert error


def test_what_is_found_anew_after_a_change_there(it: Desk) -> None:
    it.tracker.schema()
    it.jira.add_field("Region", "line")
    list(it.tracker.check())
    assert "Region" in [each.name for each in it.tracker.schema().fields]


def test_the_schema_tells_fields_statuses_and_moves(it: Desk) -> None:
    it.jira.add_field("Region", "select", ("EMEA", "APAC"))
    key = it.jira.create("Mail is down")
    it.jira.move(key, "Work in progress")
    schema = it.tracker.schema()
    fields = {each.name: each for each in schema.fields}
    assert fields["priority"].values == ("Highest", "High", "Medium", "Low", "Lowest")
    assert fields["Region"].values == ("EMEA", "APAC")
    assert fields["summary"].required
    assert not fields["created"].writable
    assert schema.statuses[:2] == ("Open", "Work in progress")
    moves = {(each.source, each.target, each.requires) for each in schema.transitions}
    assert ("Work in progress", "Resolved", ()) in moves, "on_move gives the resolution"


def test_an_empty_pull_is_no_proof_that_we_are_known(it: Desk) -> None:
    """To a guest every list is empty."""
    it.tracker.pull(None)
    asked = it.cost(lambda: it.tracker.pull(None))
    assert asked[-1] == "GET myself"
    it.jira.create("Mail is down")
    assert len(it.cost(lambda: it.tracker.pull(None))) == 1


def test_whether_jira_calls_us_is_told(tmp_path: Path, clock: SteppedClock) -> None:
    with desk(tmp_path, clock) as it:
        it.tracker.context.public_url = "https://desk.example/"  # type: ignore[misc]
        asked = [each for each in told(it, Level.WARNING) if "calls nobody" in each]
        assert len(asked) == 1
        it.tracker.subscribe("https://desk.example/hooks/jira")
        assert not [each for each in told(it, Level.WARNING) if "calls" in each]
        it.tracker.subscribe("https://desk.example/hooks/jira")
        assert len(it.jira.site.webhooks) == 1
