"""What somebody else would make: found through its entry point, held to the same contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT
from upheld.registry import Registry, installed
from upheld.testing.kit import Grade, Kind, assertions

ROUNDUP = ROOT / "examples" / "upheld-roundup"
WHY = "not installed: pip install -e 'examples/upheld-roundup[conformance]'"

needs_it = pytest.mark.skipif(
    "roundup" not in installed() and not os.environ.get("CI"), reason=f"upheld-roundup is {WHY}"
)


@cache
def verdict() -> dict[str, Any]:
    command = [sys.executable, "-m", "upheld", "plugins", "verify", "roundup", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@needs_it
def test_it_is_found_through_its_entry_point() -> None:
    found = installed()["roundup"]
    assert (found.distribution, found.module) == ("upheld-roundup", "upheld_roundup")
    assert Registry.load(["roundup"]).problems == ()


def test_it_is_a_project_of_its_own() -> None:
    project = tomllib.loads((ROUNDUP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["upheld"] == {"roundup": "upheld_roundup"}
    ours = metadata.version("upheld").rpartition(".")[0]
    assert [need for need in project["dependencies"] if need.startswith(f"upheld>={ours}")]


def test_its_page_names_every_setting_and_the_limits() -> None:
    from upheld_roundup.config import RoundupConfig

    page = (ROUNDUP / "README.md").read_text(encoding="utf-8")
    assert [key for key in RoundupConfig.model_fields if f"| `{key}` |" not in page] == []
    assert "## Known limits" in page


@needs_it
@pytest.mark.conformance
@pytest.mark.timeout(900)
def test_it_is_silver_at_least_against_the_real_server() -> None:
    told = verdict()
    failed = {
        each["id"]: each["reason"] for each in told["assertions"] if each["outcome"] == "failed"
    }
    assert failed == {}
    assert (told["kind"], told["live"]) == (Kind.TRACKER, True)
    assert len(told["assertions"]) == len(assertions(Kind.TRACKER))
    assert told["grade"] in {Grade.SILVER, Grade.GOLD}


def test_the_example_is_small_enough_to_read() -> None:
    """The plugin itself, without what drives the real server for the kit."""
    files = Path(ROUNDUP / "upheld_roundup").glob("*.py")
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) < 1200
