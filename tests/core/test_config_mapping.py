"""`map`, `conflicts`, `staff` and `like` of a connection: taken as written, refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from upheld.config import Config, config_from
from upheld.errors import ConfigError
from upheld.source import parse

TOP = "site: s\npolicy: magnolia\nconnections:\n"


def read(connections: str) -> Config:
    return config_from(parse(TOP + connections, "upheld.yaml"), Path())


def refused(connections: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(connections)
    return str(caught.value)


def rule(text: str) -> str:
    """What is wrong with a connection whose map is this one line."""
    return refused(f"  desk:\n    plugin: builtin\n    map:\n      {text}\n")


def test_the_plugins_keys_are_left_to_it() -> None:
    desk = read("  desk: {plugin: builtin, path: x, map: {title: summary}}").connections["desk"]
    assert desk.options == {"path": "x"}
    assert desk.map["title"].field == "summary"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("severity: {High: one}", "a severity is a number: write Highest: 1"),
        ("severity: {High: [1, 2]}", "each value of theirs means one of ours"),
        ("status: {opened: Open}", "'opened' is none of ours: open, worked, waiting_customer"),
        ("region: {remote: R, constant: C}", "is remote and constant: one of them will do"),
        ("vip: {label: vip, values: {a: b}}", "values have no meaning for a label"),
        ("severity: {feild: P, values: {A: 1}}", 'did you mean "field"?'),
        ("severity: 3", "valid dictionary"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_line(text: str, wrong: str) -> None:
    said = rule(text)
    assert wrong in said
    assert "upheld.yaml:7" in said


def test_the_keys_beside_the_map_are_checked_too() -> None:
    said = refused("  desk: {plugin: builtin, conflicts: {severity: newer}, staff: {grup: x}}")
    assert "'remote', 'local', 'newest' or 'hold'" in said
    assert 'did you mean "group"?' in said


LIKE = """\
  jira:
    plugin: builtin
    map: {title: summary, severity: {High: 1}}
    conflicts: {default: local, severity: newest}
    staff: {group: support}
    customer_by: organization
  emea:
    plugin: builtin
    like: jira
    map: {severity: {Urgent: 1}}
    conflicts: {severity: hold}
"""


def test_like_takes_over_what_a_connection_does_not_say_itself() -> None:
    config = read(LIKE)
    emea = config.mapped("emea")
    assert (emea.name, emea.customer_by, emea.staff.group) == ("emea", ("organization",), "support")
    assert emea.map["title"].field == "summary"
    assert emea.map["severity"].pairs == (("Urgent", 1),)
    assert [emea.conflicts.of(field) for field in ("severity", "title")] == ["hold", "local"]
    assert config.mapped("jira").conflicts.of("severity") == "newest"


def test_like_may_go_on_and_never_in_a_circle() -> None:
    chain = read(LIKE + "  apac: {plugin: builtin, like: emea}\n")
    assert chain.mapped("apac").map["severity"].pairs == (("Urgent", 1),)
    assert "'jra' is not known here" in refused(
        "  desk: {plugin: builtin, like: jra}\n  jira: {plugin: builtin}"
    )
    circle = "  a: {plugin: builtin, like: b}\n  b: {plugin: builtin, like: a}\n"
    assert "a is like b is like a: a circle" in refused(circle)
