"""Each plugin says where it stands, and its page names every setting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from upheld.registry import PluginClass, Registry, installed

ROOT = Path(__file__).parents[2]
GRADED = (
    "alertmanager",
    "apprise",
    "builtin",
    "email",
    "heartbeat",
    "jira",
    "kannel",
    "pagerduty",
    "probes",
    "readings",
    "remedy",
    "terminal",
    "twilio",
)
RULES = re.findall(
    r"^\| `([a-z-]+)` \|", (ROOT / "docs/reference/plugin-quality.md").read_text(), re.MULTILINE
)


def grades(name: str) -> dict[str, dict[str, str]]:
    text = ROOT.joinpath("plugins", name, "quality.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = YAML(typ="safe").load(text)
    return found


def page(name: str) -> str:
    return ROOT.joinpath("docs", "plugins", f"{name}.md").read_text(encoding="utf-8")


def brought(name: str) -> list[PluginClass]:
    """Its class, or all of them."""
    names = [each for each, found in installed().items() if found.module == f"upheld_{name}"]
    registry = Registry.load(names)
    return [registry.plugin(each) for each in names]


def settings(name: str) -> dict[str, dict[str, Any]]:
    """What can be set, with what the schema tells of it."""
    told: dict[str, dict[str, Any]] = {}
    for each in brought(name):
        told |= each.Config.model_json_schema()["properties"]
    return told


def test_there_are_rules_and_plugins_to_hold_to_them() -> None:
    assert len(RULES) == len(set(RULES)) > 15
    assert {path.parent.name for path in ROOT.glob("plugins/*/quality.yaml")} >= set(GRADED)


@pytest.mark.parametrize("name", GRADED)
def test_a_plugin_answers_every_rule(name: str) -> None:
    assert list(grades(name)) == RULES


@pytest.mark.parametrize("name", GRADED)
def test_what_is_not_done_has_a_reason(name: str) -> None:
    for rule, grade in grades(name).items():
        assert grade["status"] in {"done", "todo", "exempt"}, rule
        assert grade["status"] == "done" or grade.get("comment"), rule


@pytest.mark.parametrize("name", GRADED)
def test_a_page_names_every_setting_and_the_limits(name: str) -> None:
    assert [key for key in settings(name) if f"| `{key}` |" not in page(name)] == []
    assert "## Known limits" in page(name)


@pytest.mark.parametrize("name", GRADED)
def test_a_schema_describes_every_setting(name: str) -> None:
    described = settings(name)
    assert described
    assert [key for key, told in described.items() if not told.get("description")] == []


@pytest.mark.parametrize("name", GRADED)
def test_a_plugins_folder_explains_itself(name: str) -> None:
    readme = ROOT.joinpath("plugins", name, "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# upheld_{name}")
