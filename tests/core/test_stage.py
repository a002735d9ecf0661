"""The stage: a real daemon between stand-ins, on a clock that a test moves."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from upheld.calendar.instant import HOUR, MINUTE, iso, parse
from upheld.case.events import Actor, Side
from upheld.errors import ConfigError
from upheld.testing.stage import START, Stage, simulator

BO = Actor("bo", Side.STAFF)
NOON = datetime(2026, 12, 7, 12, tzinfo=UTC)


def told(stage: Stage) -> list[tuple[str, str, str, str]]:
    """When, how, to whom, what."""
    return [(iso(got.at)[11:16], got.channel, got.to, got.what) for got in stage.got()]


def test_everything_that_goes_out_is_seen_at_its_far_end_in_policy_time(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.mail.write("pat@acme.example", "Nobody can connect", "Since noon.")
        stage.settle()
        stage.site.verbs.triage("C1", BO, 1, number="1042")
        stage.forward_to(stage.clock.now() + 2 * HOUR)
        assert told(stage) == [
            ("22:30", "mail", "pat@acme.example", "Re: Nobody can connect"),
            ("22:30", "mail", "pat@acme.example", "[1042] Nobody can connect"),
            ("22:30", "page", "bo", "trigger Sev 1 C1 Acme Internet: Nobody can connect"),
            ("22:30", "page", "ann", "trigger Sev 1 1042 Acme Internet: Nobody can connect"),
            ("22:30", "page", "bo", "trigger Sev 1 1042 Acme Internet: Nobody can connect"),
            ("23:15", "mail", "bo@magnolia.example", "[1042] A sentence for the customer, please"),
            ("23:30", "mail", "pat@acme.example", "[1042] Status: Nobody can connect"),
            ("00:15", "mail", "bo@magnolia.example", "[1042] A sentence for the customer, please"),
            ("00:30", "mail", "pat@acme.example", "[1042] Status: Nobody can connect"),
            ("00:30", "page", "vera", "trigger Sev 1 1042 Acme Internet: Nobody can connect"),
            ("00:30", "voice", "+12025550111", "Call Pat Lin about 1042"),
        ]
        assert "You will hear from us again." in stage.got()[-1].text


def test_nothing_happens_twice_for_being_looked_at_twice(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.mail.write("pat@acme.example", "A question", "Where is the manual?")
        for _ in range(3):
            stage.settle()
        assert len(stage.got()) == 1


def test_a_new_daemon_goes_on_where_the_old_one_ended(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.mail.write("pat@acme.example", "A question", "Where is the manual?")
        stage.settle()
        before = stage.daemon
        stage.restart()
        assert stage.daemon is not before
        stage.settle()
        assert len(stage.got()) == 1
        stage.mail.write("pat@acme.example", "Another", "And the other one?")
        stage.settle()
        assert len(stage.got()) == 2


def test_the_clock_stops_where_it_is_told_to(tmp_path: Path) -> None:
    with Stage(tmp_path, start="2026-12-07T12:00:00+00:00") as stage:
        assert stage.clock.as_datetime() == NOON
        until = stage.clock.now() + 90 * MINUTE
        stage.forward_to(until)
        assert stage.clock.now() == until
        with pytest.raises(ValueError, match="has passed"):
            stage.forward_to(until - MINUTE)


def test_parts_of_the_config_can_be_replaced(tmp_path: Path) -> None:
    with Stage(tmp_path, config={"go_live": {"mode": "shadow"}}) as stage:
        stage.mail.write("pat@acme.example", "A question", "Where is the manual?")
        stage.settle()
        assert told(stage) == []
        with stage.site.ledger.reading() as tx:
            assert [item.reason for item in tx.items()] == ["shadow mode"]


def test_the_stage_leaves_no_secret_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE_PAGER_KEY", "mine")
    monkeypatch.delenv("STAGE_MAIL_PASSWORD", raising=False)
    with Stage(tmp_path) as stage:
        assert os.environ["STAGE_PAGER_KEY"] == stage.pager.key
        assert os.environ["STAGE_MAIL_PASSWORD"] == stage.mail.password
    assert os.environ["STAGE_PAGER_KEY"] == "mine"
    assert "STAGE_MAIL_PASSWORD" not in os.environ


def test_a_stage_that_can_not_be_set_leaves_nothing_behind_either(tmp_path: Path) -> None:
    with pytest.raises(ConfigError), Stage(tmp_path, config={"policy": "nowhere.yaml"}):
        pass
    assert "STAGE_MAIL_PASSWORD" not in os.environ


def test_a_plugin_without_a_stand_in_is_told_as_such() -> None:
    with pytest.raises(LookupError, match="'terminal' brings no simulator"):
        simulator("terminal", lambda: NOON)


def test_the_story_begins_the_night_in_which_clocks_change_in_europe() -> None:
    assert iso(parse(START)) == "2026-03-28T22:30:00Z"
