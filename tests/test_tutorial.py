"""The tutorial is run, and prints what it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from tests.pages import fences
from tests.repository import DOCS
from upheld.cli import main

TUTORIAL = DOCS / "tutorial" / "first-case.md"
#: A day and time; how long it is there pads a column.
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def said() -> Iterator[tuple[list[str], list[str]]]:
    """Every command of the tutorial with the lines that it is shown to print."""
    for block in fences(TUTORIAL, "console"):
        for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = call.splitlines()
            yield shlex.split(command)[1:], lines


def without_instants(text: str) -> list[str]:
    return INSTANT.sub("…", text).splitlines()


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """The command line on the embedded default, with data of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("UPHELD_CONFIG", "UPHELD_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    yield CliRunner()
    structlog.reset_defaults()


def test_the_tutorial_prints_what_it_shows(embedded: CliRunner) -> None:
    """The daemon, which runs beside in the tutorial, does what is due after each command."""
    for command, shown in said():
        done = embedded.invoke(main, command)
        assert done.exit_code == 0, done.output
        printed = without_instants(done.stdout)
        assert [line for line in without_instants("\n".join(shown)) if line not in printed] == []
        assert embedded.invoke(main, ["run", "--once"]).exit_code == 0
