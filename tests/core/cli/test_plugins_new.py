"""``upheld plugins new``: what it writes installs, is clean, and says itself what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.repository import ROOT
from upheld.cli import main
from upheld.errors import Refusal
from upheld.testing.kit import Kind, assertions

KINDS = {"tracker": "acme_desk", "notifier": "acme_chat", "probe": "acme_ping", "feed": "acme_told"}
#: The longest name that is taken: lines depend on it.
LONGEST = "a_name_of_thirty_characters_ab"


def run(*words: str, at: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command, wanted = [sys.executable, "-m", *words], os.environ | variables
    return subprocess.run(command, cwd=at, env=wanted, capture_output=True, text=True, check=False)


def begun(name: str, kind: str, into: Path) -> Path:
    done = CliRunner().invoke(main, ["plugins", "new", name, "--kind", kind, "--into", str(into)])
    assert done.exit_code == 0, done.output
    return into / f"upheld-{name.replace('_', '-')}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A distribution of each kind."""
    into = tmp_path_factory.mktemp("made")
    return {kind: begun(name, kind, into) for kind, name in KINDS.items()}


@pytest.fixture(scope="module")
def site(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of them are installed, by pip, without a network."""
    site = tmp_path_factory.mktemp("site")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    done = run("pip", "install", *quiet, "--target", str(site), *map(str, made.values()), at=site)
    assert done.returncode == 0, done.stderr
    return site


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_its_own_lint(made: dict[str, Path], kind: str) -> None:
    for words in (("check",), ("format", "--check", "--diff")):
        done = run("ruff", *words, "--no-cache", ".", at=made[kind])
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", LONGEST])
def test_lint_does_not_depend_on_the_name(tmp_path: Path, kind: str, name: str) -> None:
    folder = begun(name, kind, tmp_path)
    for words in (("check",), ("format", "--check", "--diff")):
        done = run("ruff", *words, "--no-cache", ".", at=folder)
        assert done.returncode == 0, done.stdout


@pytest.mark.timeout(180)
def test_its_types_are_right(made: dict[str, Path]) -> None:
    packages = [str(made[kind] / f"upheld_{name}") for kind, name in KINDS.items()]
    settings = ["--strict", "--config-file", str(made["tracker"] / "pyproject.toml")]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache" / "plugins")]
    done = run("mypy", *settings, *cache, *packages, at=made["tracker"])
    assert done.returncode == 0, done.stdout


def test_it_is_found_and_loads(site: Path) -> None:
    done = run("upheld", "plugins", "list", "--json", at=site, PYTHONPATH=str(site))
    told = {each["name"]: each for each in json.loads(done.stdout)}
    for kind, name in KINDS.items():
        assert (told[name]["kind"], told[name]["problem"]) == (kind, ""), told[name]


@pytest.fixture(scope="module")
def verdicts(site: Path) -> dict[str, Any]:
    def verified(name: str) -> Any:
        words = ("plugins", "verify", name, "--json")
        return json.loads(run("upheld", *words, at=site, PYTHONPATH=str(site)).stdout)

    return {kind: verified(name) for kind, name in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_it_fails_the_contract_only_where_something_is_to_be_written(
    verdicts: dict[str, Any], kind: str
) -> None:
    told = verdicts[kind]
    assert [each["id"] for each in told["assertions"]] == [
        each.id for each in assertions(Kind(kind))
    ]
    failed = [each for each in told["assertions"] if each["outcome"] == "failed"]
    assert failed
    assert [each for each in failed if "not written yet" not in each["reason"]] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_needs_no_writing_holds_at_once(verdicts: dict[str, Any], kind: str) -> None:
    passed = {each["id"] for each in verdicts[kind]["assertions"] if each["outcome"] == "passed"}
    assert passed >= {"A1-config", "A3-no-io" if kind == "probe" else "A5-no-io"}


@pytest.mark.parametrize(
    "name", ["Acme", "acme-desk", "1st", "class", "", "a__b", "a" * 31, "../x"]
)
def test_a_name_that_can_be_none(tmp_path: Path, name: str) -> None:
    words = ["plugins", "new", name, "--kind", "tracker", "--into", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_somebody_has(tmp_path: Path) -> None:
    words = ["plugins", "new", "builtin", "--kind", "tracker", "--into", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == Refusal.exit_code
    assert "installed already" in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    begun("acme", "tracker", tmp_path)
    (tmp_path / "upheld-acme" / "README.md").write_text("mine", encoding="utf-8")
    words = ["plugins", "new", "acme", "--kind", "probe", "--into", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == Refusal.exit_code
    assert "there already" in done.output
    assert (tmp_path / "upheld-acme" / "README.md").read_text(encoding="utf-8") == "mine"
