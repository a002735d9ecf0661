"""What upheld.yaml says of reaching people."""

from __future__ import annotations

from pathlib import Path

import pytest

from upheld.calendar.instant import MINUTE, SECOND
from upheld.config import Config, config_from
from upheld.daemon.reach import Reach, comes_then, patience
from upheld.dispatch.routes import Way
from upheld.errors import ConfigError
from upheld.plugin import Channel
from upheld.source import parse

SITE = """
site: test
policy: magnolia
people: {ann: {name: Ann}}
roles: {backup: ann}
reach:
  each: 4 minutes
  each_on: {voice: 45 seconds}
  each_at: {1: 2 minutes}
  delivered: 1 minute
  acknowledged_for: 1 hour
"""


def config(then: str = "") -> Config:
    return config_from(parse(SITE + then, "upheld.yaml"), Path())


def test_every_length_is_taken_from_the_file() -> None:
    found = patience(config().reach)
    assert (found.delivered, found.acknowledged, found.holds) == (MINUTE, 4 * MINUTE, 60 * MINUTE)
    assert found.by_channel == {Channel.VOICE: 45 * SECOND}
    assert found.at(1).acknowledged == 2 * MINUTE
    assert found.at(2).acknowledged == found.at(None).acknowledged == 4 * MINUTE


@pytest.mark.parametrize("then", ["next on duty", "backup", "ann"])
def test_who_comes_then_is_a_role_a_person_or_the_next_on_duty(then: str) -> None:
    told = config(f"  then: {then}\n")
    assert comes_then(told, told.directory()) == then


def test_a_name_that_means_nobody_is_refused_before_it_is_needed() -> None:
    told = config("  then: backpu\n")
    with pytest.raises(ConfigError, match="nobody called 'backpu'") as error:
        comes_then(told, told.directory())
    assert "backup" in error.value.do_next


def test_where_nobody_is_named_nobody_comes() -> None:
    assert comes_then(config(), config().directory()) is None


CHANNELS = {
    "mailbox": frozenset({Channel.MAIL}),
    "pager": frozenset({Channel.PAGE}),
    "phone": frozenset({Channel.SMS, Channel.VOICE}),
}


def test_without_a_word_people_are_reached_over_what_can_reach_them() -> None:
    ways = Reach(config(), CHANNELS).ways()
    assert ways.page == (Way(Channel.PAGE, "pager"),)
    assert ways.call == (Way(Channel.VOICE, "phone"),)
    assert ways.notify == ways.customer == (Way(Channel.MAIL, "mailbox"),)


def test_a_person_may_have_ways_of_their_own_and_the_rest_is_the_sites() -> None:
    own = "{ann: {name: Ann, reach: {page: [{voice: phone}, pager]}}, bo: {name: Bo}}"
    far = "connections: {pager: {plugin: pagerduty}, phone: {plugin: twilio}}\n"
    told = config_from(parse(far + SITE.replace("{ann: {name: Ann}}", own), "upheld.yaml"), Path())
    reach = Reach(told, CHANNELS)
    assert list(reach.own_ways()) == ["ann"]
    ways = reach.own_ways()["ann"]
    assert ways.page == (Way(Channel.VOICE, "phone"), Way(Channel.PAGE, "pager"))
    assert ways.notify == reach.ways().notify
