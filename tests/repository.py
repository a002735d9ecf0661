"""Where things stand in the checkout, for the tests that hold its layout."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "core" / "upheld"
PLUGINS = ROOT / "plugins"
DOCS = ROOT / "docs"


@cache
def pyproject() -> dict[str, Any]:
    """``pyproject.toml`` as data."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def plugin_names() -> set[str]:
    """The folders in ``plugins/``."""
    return {path.name for path in PLUGINS.iterdir() if path.is_dir() and path.name[0] not in "._"}


def packages() -> list[Path]:
    """The folders that the wheel brings: the core, then a package a plugin."""
    return [CORE, *(PLUGINS / name / f"upheld_{name}" for name in sorted(plugin_names()))]


def python_files() -> list[Path]:
    """Every Python file of the core and of the plugins."""
    return [file for package in packages() for file in sorted(package.rglob("*.py"))]


def all_python_files() -> list[Path]:
    """Every Python file of the checkout, tests and benchmarks with it."""
    tops = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    return [file for top in sorted(tops) for file in sorted(top.rglob("*.py"))]


def short(path: Path) -> str:
    """A path as people write it: from the top of the checkout."""
    return path.relative_to(ROOT).as_posix()
