"""The plugin interface is what its page says, and an integrator's plugin type-checks against it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.kit import plugin_api
from tests.core.kit.plugin_api import BASES, LENT
from tests.pages import read, section
from tests.repository import DOCS

PAGE = DOCS / "reference" / "plugin-api.md"
SAMPLE = Path(__file__).with_name("sample_plugin.py")


def rows(heading: str) -> list[str]:
    lines = section(PAGE, heading).splitlines()
    return [line for line in lines if line.startswith("| `")]


@pytest.mark.parametrize("heading", ["Words", "Records", "Errors"])
def test_every_name_is_told_as_it_is(heading: str) -> None:
    assert rows(heading) == list(getattr(plugin_api, heading.lower())())


@pytest.mark.parametrize("base", [*BASES, *LENT])
def test_every_method_is_told_with_its_signature(base: type) -> None:
    assert rows(base.__name__) == list(plugin_api.methods(base))


def test_what_is_no_class_of_these_is_named() -> None:
    assert [name for name in plugin_api.told_otherwise() if f"`{name}`" not in read(PAGE)] == []


def test_a_plugin_as_an_integrator_writes_it_type_checks(tmp_path: Path) -> None:
    """With nothing but the installed package: no settings of ours."""
    done = mypy(tmp_path, SAMPLE.read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("def pull(self, cursor: str | None) -> Page:", "def pull(self, cursor: int) -> Page:"),
        ("Lookup[RemoteCase]:", "RemoteCase:"),
        ("Delivery.ACCEPTED", '"accepted"'),
    ],
)
def test_what_does_not_fit_is_seen(tmp_path: Path, right: str, wrong: str) -> None:
    sample = SAMPLE.read_text(encoding="utf-8")
    assert right in sample
    assert mypy(tmp_path, sample.replace(right, wrong)).returncode == 1


def mypy(folder: Path, sample: str) -> subprocess.CompletedProcess[str]:
    file = folder / "sample.py"
    file.write_text(sample, encoding="utf-8")
    cache = Path(__file__).parents[3] / ".mypy_cache"
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}"]
    return subprocess.run(
        [*command, str(file)], cwd=folder, capture_output=True, text=True, check=False
    )
