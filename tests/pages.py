"""What stands on the pages that people read, for the tests that hold them to the program."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.repository import DOCS, PLUGINS, ROOT


@cache
def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def pages() -> list[Path]:
    """Every page that people read: docs, the front door, and the plugins' own."""
    return sorted((*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *PLUGINS.glob("*/*.md")))


def fences(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next."""
    parts = re.split(r"^#+ ", read(page), flags=re.MULTILINE)
    return next(part.partition("\n")[2] for part in parts if part.startswith(f"{heading}\n"))


def first_cells(text: str) -> list[str]:
    """The names in the first column of tables."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
