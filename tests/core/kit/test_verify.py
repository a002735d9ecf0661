"""``upheld plugins verify``, as a person and as a machine call it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

from upheld.testing.kit import Kind, Outcome, assertions


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "upheld", "plugins", "verify", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@cache
def verdict(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(name, "--json").stdout)
    return told


def test_every_assertion_of_the_kind_is_told() -> None:
    told = verdict("builtin")
    listed = [each.id for each in assertions(Kind.TRACKER)]
    assert [each["id"] for each in told["assertions"]] == listed
    assert (told["plugin"], told["kind"], told["live"]) == ("builtin", "tracker", True)


def test_nothing_of_the_built_in_tracker_fails_and_every_exemption_has_its_reason() -> None:
    shown = verdict("builtin")["assertions"]
    assert [each for each in shown if each["outcome"] == Outcome.FAILED] == []
    assert [each for each in shown if each["outcome"] == "exempt" and not each["reason"]] == []


def test_a_plugin_that_there_is_not() -> None:
    done = run("no-such-tracker")
    assert done.returncode == 3
    assert "no-such-tracker" in done.stderr
