"""``upheld plugins verify``, as a person and as a machine call it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from upheld.cli import main, plugins_verify
from upheld.testing.kit import Assertion, Grade, Kind, Outcome, Shown, assertions
from upheld.testing.kit.verify import Verdict
from upheld_alertmanager.server import installed as alertmanager_installed
from upheld_kannel.gateway import installed

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "upheld", "plugins", "verify", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verdict(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(name, "--json").stdout)
    return told


PLUGINS = {"builtin": Kind.TRACKER, "terminal": Kind.NOTIFIER, "pagerduty": Kind.NOTIFIER}
EVERY = PLUGINS | {
    "email": Kind.CONVERSATION,
    "twilio": Kind.CONVERSATION,
    "kannel": Kind.NOTIFIER,
    "apprise": Kind.NOTIFIER,
    "alertmanager": Kind.FEED,
    "heartbeat": Kind.FEED,
    "readings": Kind.FEED,
    "jira": Kind.TRACKER,
    "remedy": Kind.TRACKER,
    **dict.fromkeys(("dns", "http", "imap", "ping", "smtp", "tcp", "tls"), Kind.PROBE),
}
#: Those whose real far end runs here, where it is installed.
SERVERS = {"kannel": installed, "alertmanager": alertmanager_installed}
LIVE = {"builtin", "terminal"} | {name for name, missing in SERVERS.items() if missing() is None}


@pytest.mark.parametrize("name", EVERY)
def test_every_assertion_of_the_kind_is_told_and_none_fails(name: str) -> None:
    """One run a plugin: it is the long part."""
    told, listed = verdict(name), assertions(EVERY[name])
    shown = told["assertions"]
    assert [each["id"] for each in shown] == [each.id for each in listed]
    assert (told["plugin"], told["kind"], told["live"]) == (name, EVERY[name], name in LIVE)
    failed = {each["id"]: each["reason"] for each in shown if each["outcome"] == Outcome.FAILED}
    assert failed == {}
    assert [each for each in shown if each["outcome"] == "exempt" and not each["reason"]] == []
    assert told["grade"] == Grade.GOLD


def test_a_grade_that_is_not_reached_is_an_exit_code_for_continuous_integration() -> None:
    done = run("terminal", "--at-least", "gold")
    assert (done.returncode, "terminal: gold" in done.stdout) == (0, True)


@pytest.mark.parametrize(("least", "code"), [("bronze", 0), ("silver", 1)])
def test_a_lower_grade_than_is_asked_for(
    least: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = Assertion("X1", Grade.SILVER, "something")
    fallen = Verdict("email", Kind.CONVERSATION, False, (Shown(low, Outcome.FAILED, "why"),), {})
    monkeypatch.setattr(plugins_verify, "_verdict", lambda name, live: fallen)
    done = CliRunner().invoke(main, ["plugins", "verify", "email", "--at-least", least])
    assert (done.exit_code, "email: bronze" in done.output) == (code, True)


def test_a_simulator_is_not_passed_off_as_the_real_far_end() -> None:
    done = run("pagerduty", "--live")
    assert done.returncode == 3
    assert "no real far end" in done.stderr


def test_without_pytest_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pytest'] = None; from upheld.cli import main; main()"
    command = [sys.executable, "-c", code, "plugins", "verify", "terminal"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "pip install 'upheld[testing]'" in done.stderr


def test_a_plugin_that_there_is_not() -> None:
    done = run("no-such-tracker")
    assert done.returncode == 3
    assert "no-such-tracker" in done.stderr
