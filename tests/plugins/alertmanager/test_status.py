"""What `check` finds in Alertmanager's configuration, and where it asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.plugins.alertmanager.conftest import SECRET, configured
from upheld.plugin import Finding, Level
from upheld.simulator import Asked, Cut, LocalServer, Reply
from upheld.testing import ScratchContext
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.status import findings

RECEIVERS = """
receivers:
- {name: nobody}
- name: upheld
  webhook_configs: [{url: 'https://upheld.example/in/hooks/prometheus', send_resolved: true, max_alerts: 0}]
- name: other
  webhook_configs: [{url: 'https://upheld.example/hooks/prometheus-2'}]
"""


def found(route: str, receivers: str = RECEIVERS, **settings: Any) -> list[Finding]:
    text = f"route: {route}\n{receivers}"
    config: Mapping[str, Any] = YAML(typ="safe").load(text)
    return list(findings(config, configured(**settings), "prometheus"))


def only(given: list[Finding]) -> tuple[Level, str]:
    (finding,) = given
    assert (finding.subject, bool(finding.do_next)) == (
        "prometheus",
        finding.level is not Level.OK,
    )
    return finding.level, finding.what


@pytest.mark.parametrize(
    "route",
    [
        "{receiver: upheld}",
        "{receiver: upheld, group_by: [monitor]}",
        "{receiver: upheld, group_by: [instance, alertname]}",
        "{receiver: upheld, group_by: [alertname]}",
        "{receiver: nobody, group_by: [job], routes: [{receiver: upheld, group_by: [monitor]}]}",
        "{receiver: nobody, group_by: [monitor], routes: [{routes: [{receiver: upheld}]}]}",
    ],
)
def test_all_is_well(route: str) -> None:
    told = "Alertmanager sends to us by its receiver 'upheld'"
    assert only(found(route)) == (Level.OK, told)


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ("{receiver: upheld, group_by: [job]}", "groups by job, more finely"),
        ("{receiver: upheld, group_by: ['...']}", "groups by ..., more finely"),
        ("{receiver: upheld, group_by: [monitor, alertname]}", "groups by monitor, alertname"),
        (
            "{receiver: nobody, group_by: [job], routes: [{receiver: upheld}]}",
            "groups by job, more finely",
        ),
        ("{receiver: nobody}", "is in no route: nothing comes"),
    ],
)
def test_groups_and_routes(route: str, told: str) -> None:
    level, what = only(found(route))
    assert level is Level.WARNING
    assert told in what


def test_a_template_of_ones_own_may_be_finer() -> None:
    assert only(found("{receiver: upheld, group_by: [job]}", monitor="{job}"))[0] is Level.OK


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("send_resolved: true", "send_resolved: false", "tells no end"),
        ("max_alerts: 0", "max_alerts: 7", "cuts alerts off"),
    ],
)
def test_how_it_sends(old: str, new: str, told: str) -> None:
    level, what = only(found("{receiver: upheld}", RECEIVERS.replace(old, new)))
    assert level is Level.WARNING
    assert told in what


def test_nobody_sends_to_us() -> None:
    level, what = only(found("{receiver: other}", RECEIVERS.replace("prometheus'", "prom'")))
    assert (level, what) == (
        Level.ERROR,
        "no receiver of Alertmanager's sends to /hooks/prometheus",
    )


def test_a_secret_in_a_path_is_ours_and_told_to_nobody() -> None:
    receivers = RECEIVERS.replace("prometheus'", f"prometheus/{SECRET}'")
    told = found("{receiver: upheld}", receivers)
    assert only(told)[0] is Level.OK
    assert SECRET not in repr(told)


def test_urls_that_are_hidden() -> None:
    hidden = RECEIVERS.replace("https://upheld.example/in/hooks/prometheus", "<secret>")
    assert only(found("{receiver: upheld}", hidden))[0] is Level.WARNING
    assert only(found("{receiver: upheld}", hidden, receiver="upheld"))[0] is Level.OK
    assert only(found("{receiver: upheld}", hidden, receiver="nobody"))[0] is Level.ERROR


# --- who answers ------------------------------------------------------------------------------------

STATUS = {"config": {"original": f"route: {{receiver: upheld}}\n{RECEIVERS}"}}


def checked(context: ScratchContext, answer: Reply | Cut) -> list[Finding]:
    def answered(asked: Asked) -> Reply | Cut:
        assert (asked.method, asked.path) == ("GET", "/am/api/v2/status")
        assert SECRET not in repr(asked.headers)
        return answer

    with LocalServer(answered) as server:
        return list(Alertmanager(configured(url=f"{server.url}/am/"), context).check())[1:]


def test_what_alertmanager_answers_is_read(context: ScratchContext) -> None:
    assert only(checked(context, Reply(body=json.dumps(STATUS).encode())))[0] is Level.OK


@pytest.mark.parametrize(
    "answer",
    [
        Reply(404),
        Reply(302, headers={"Location": "http://127.0.0.1:1/"}),
        Reply(500, b"no"),
        Reply(body=b"<html>"),
        Reply(body=b"[]"),
        Reply(body=b'{"config": {"original": "route: ["}}'),
        Reply(body=b'{"config": {"original": "receivers: []"}}'),
        "drop",
        "reset",
    ],
    ids=range(9),
)
def test_whoever_else_is_there_is_an_error(context: ScratchContext, answer: Reply | Cut) -> None:
    assert only(checked(context, answer))[0] is Level.ERROR


def test_nobody_is_there(context: ScratchContext) -> None:
    _, finding = Alertmanager(configured(url="http://127.0.0.1:1"), context).check()
    assert (finding.level, "can't be reached" in finding.what) == (Level.ERROR, True)
