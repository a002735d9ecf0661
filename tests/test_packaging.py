"""The five lists of plugins are one list, and the wheel holds what the program reads."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import upheld
from tests.repository import (
    CORE,
    DOCS,
    PLUGINS,
    ROOT,
    packages,
    plugin_names,
    pyproject,
    short,
)
from upheld.registry import installed

SHIPPED_DATA = {".yaml", ".txt", ".sql", ".mako", ".html", ".css", ".typed"}


def hatch() -> dict[str, list[str]]:
    build = pyproject()["tool"]["hatch"]["build"]
    return {"dev": build["dev-mode-dirs"], "wheel": build["targets"]["wheel"]["packages"]}


@pytest.fixture(scope="module")
def in_wheel() -> set[str]:
    """The files that a wheel would hold, as the build itself finds them."""
    found = WheelBuilder(str(ROOT)).recurse_included_files()
    return {short(Path(file.path)) for file in found}


def test_every_plugin_is_in_the_wheel() -> None:
    expected = {f"plugins/{name}/upheld_{name}" for name in plugin_names()} | {"core/upheld"}
    assert set(hatch()["wheel"]) == expected


def test_every_plugin_is_importable_from_a_checkout() -> None:
    assert set(hatch()["dev"]) == {f"plugins/{name}" for name in plugin_names()} | {"core"}


def entry_points() -> dict[str, str]:
    written: dict[str, str] = pyproject()["project"]["entry-points"]["upheld"]
    return written


def test_every_plugin_has_an_entry_point() -> None:
    assert set(entry_points().values()) == {f"upheld_{name}" for name in plugin_names()}


@pytest.mark.parametrize("name", sorted(plugin_names()))
def test_an_entry_point_is_called_as_its_class(name: str) -> None:
    """Its only class as the plugin's folder; each of several has an entry point of its own."""
    ours = {each for each, module in entry_points().items() if module == f"upheld_{name}"}
    brought = import_module(f"upheld_{name}").upheld_plugins()
    assert ours == {each.name for each in brought}
    assert len(ours) > 1 or ours == {name}


def test_the_registry_finds_every_plugin() -> None:
    ours = {name for name, found in installed().items() if found.distribution == "upheld"}
    assert ours == set(entry_points()), "install the checkout again: pip install -e ."


def test_every_plugin_has_a_page() -> None:
    assert {page.stem for page in (DOCS / "plugins").glob("*.md")} == plugin_names()


@pytest.mark.parametrize("name", sorted(plugin_names()))
def test_a_plugin_is_complete(name: str) -> None:
    needed = ["README.md", "quality.yaml", f"upheld_{name}/__init__.py", f"upheld_{name}/py.typed"]
    assert [file for file in needed if not (PLUGINS / name / file).is_file()] == []


def test_every_plugin_is_linted_and_measured() -> None:
    ours = {"upheld", *(f"upheld_{name}" for name in plugin_names())}
    tool = pyproject()["tool"]
    assert set(tool["coverage"]["run"]["source_pkgs"]) == ours
    assert set(tool["importlinter"]["root_packages"]) == ours


def test_no_folder_shadows_a_library() -> None:
    above = [PLUGINS, CORE.parent, *(PLUGINS / name for name in plugin_names())]
    assert [short(path) for path in above if (path / "__init__.py").exists()] == []
    assert "plugins" not in hatch()["dev"]


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {file.parent for file in (ROOT / "tests").rglob("*.py")}
    assert [short(path) for path in folders if not (path / "__init__.py").exists()] == []


@pytest.mark.parametrize("package", packages(), ids=lambda path: path.name)
def test_a_package_brings_types_and_data(package: Path, in_wheel: set[str]) -> None:
    files = [file for file in package.rglob("*") if file.suffix in {".py", *SHIPPED_DATA}]
    assert [short(file) for file in files if short(file) not in in_wheel] == []
    assert f"{short(package)}/py.typed" in in_wheel


@pytest.mark.parametrize(
    "needed",
    [
        "core/upheld/policy/shipped/magnolia.yaml",
        "core/upheld/policy/shipped/templates/en/page.txt",
        "core/upheld/ledger/migrations/env.py",
        "core/upheld/ledger/migrations/versions/rev_0001.py",
    ],
)
def test_the_wheel_holds_what_the_program_reads(needed: str, in_wheel: set[str]) -> None:
    assert needed in in_wheel


def test_the_wheel_holds_nothing_else(in_wheel: set[str]) -> None:
    ours = tuple(f"{short(package)}/" for package in packages())
    assert [file for file in in_wheel if not file.startswith(ours)] == []


@pytest.mark.parametrize("script", ["scripts/start", "scripts/test", ".ci/run"])
def test_what_people_call_can_be_called(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def test_the_sdist_brings_what_its_tests_read() -> None:
    found = {short(Path(file.path)) for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    needed = [
        "constraints.txt",
        "scripts/environment",
        ".ci/run",
        "CONTRIBUTING.md",
        "docs/README.md",
    ]
    assert [name for name in needed if name not in found] == []
    assert [name for name in found if name.startswith((".venv", ".git/"))] == []


def test_the_version_is_the_one_installed() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?", upheld.__version__)
    assert metadata.version("upheld") == upheld.__version__


def test_the_command_leads_somewhere() -> None:
    module, _, name = pyproject()["project"]["scripts"]["upheld"].partition(":")
    assert callable(getattr(import_module(module), name))


def test_every_library_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+( ; .+)?", line)] == []
    pinned = {canonical(line.partition("==")[0]) for line in pins}
    assert {canonical(name) for name in wanted()} - pinned == set()


@pytest.mark.parametrize("name", sorted(plugin_names()))
def test_what_a_plugin_imports_is_installed_with_it(name: str) -> None:
    """A clean environment has nothing that only tests want; a contract is run by those who have the kit."""
    files = (ROOT / "plugins" / name).rglob("*.py")
    own = {"upheld", f"upheld_{name}", *sys.stdlib_module_names}
    found = {each for file in files if file.stem != "conformance" for each in imported(file)}
    given = {canonical(bare(line)) for line in pyproject()["project"]["dependencies"]}
    by = metadata.packages_distributions()
    lacks = {name for name in found - own if not given & set(map(canonical, by.get(name, ())))}
    assert lacks - {"urllib3"} == set(), "urllib3 comes with requests, whose errors are its own"


def imported(file: Path) -> Iterator[str]:
    """The first name of each module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def wanted() -> set[str]:
    """The names of all libraries that ``pyproject.toml`` asks for."""
    project = pyproject()["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {bare(line) for group in groups for line in group} - {"upheld"}


def bare(requirement: str) -> str:
    """The name in a requirement."""
    return re.split(r"[\[<>=~! ;]", requirement)[0]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
