"""docs/howto/watch-servers.md, walked through as it stands there: its file, its commands, what they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.core.cli.answering import Answering
from tests.repository import DOCS
from upheld.cli import main

PAGE = (DOCS / "howto" / "watch-servers.md").read_text(encoding="utf-8")
#: What the page names, and what stands for it here.
PLACES = (
    ("https://www.globex.example/health", "http://127.0.0.1:{port}/health"),
    ("https://spare.globex.example/health", "http://127.0.0.1:{port}/health"),
    ("host: router.globex.example, port: 443", "host: 127.0.0.1, port: {port}"),
    ("192.0.2.1:443", "127.0.0.1:{port}"),
)


@dataclass(frozen=True)
class Step:
    """A command of the page, and the lines that it shows under it."""

    line: str
    shown: tuple[str, ...]


def steps() -> list[Step]:
    found: list[Step] = []
    for block in re.findall(r"```(?:console)?\n(\$ .*?)```", PAGE, re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = command.splitlines()
            found.append(Step(line, tuple(shown)))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's files, with one real server in place of globex's."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (targets,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    with Answering() as server:
        for theirs, ours in PLACES:
            assert theirs in text
            text = text.replace(theirs, ours.format(port=server.port))
        (tmp_path / "upheld.yaml").write_text(f"{text}data: {tmp_path}\n", "utf-8")
        (tmp_path / "targets.csv").write_text(targets, "utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("UPHELD_ACTOR", raising=False)
        monkeypatch.delenv("UPHELD_CONFIG", raising=False)
        yield tmp_path


def told(line: str) -> str:
    """What a command says; all that the page says to type must work."""
    words = shlex.split(line)[1:]
    if words == ["run"]:  # for ever, there
        words.append("--once")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, f"{line}\n{done.output}"
    return done.stdout


def test_all_of_it_works_as_it_is_written(folder: Path) -> None:
    said = {step.line: told(step.line) for step in steps()}
    assert "3 watched, 3 of them asked by us" in said["upheld check"]
    assert said["upheld monitors test globex/www"].startswith("globex/www: up in ")
    assert "backups        globex/spare" in said["upheld monitors show globex/www"]
    assert (
        said['upheld monitors window cancel W2 --why "the rack is gone" --as ann'].count("W2") == 1
    )
    assert said["upheld monitors list"].splitlines()[-1].startswith("3 watched: ")


@pytest.mark.parametrize(
    "start", ["upheld monitors window add globex/www", "upheld monitors import"]
)
def test_what_it_shows_is_what_is_shown(folder: Path, start: str) -> None:
    """To the letter, where nothing of it depends on the hour."""
    for step in steps():
        if step.line.startswith(start):
            assert told(step.line).splitlines() == list(step.shown)


def test_the_table_of_the_page_has_the_columns_of_the_command(folder: Path) -> None:
    (listed,) = (step for step in steps() if step.line == "upheld monitors list")
    assert told(listed.line).splitlines()[0].split() == listed.shown[0].split()
