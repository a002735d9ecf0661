"""What upheld.yaml says of reaching people."""

from __future__ import annotations

from pathlib import Path

import pytest

from upheld.calendar.instant import MINUTE, SECOND
from upheld.config import Config, config_from
from upheld.daemon.reach import comes_then, patience
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
