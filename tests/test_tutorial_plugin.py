"""The tutorial for integrators: its commands are run, its files are written, and bronze is reached."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.pages import read
from tests.repository import DOCS, ROOT
from upheld.testing.kit import Grade, Kind, assertions

PAGE = DOCS / "tutorial" / "write-a-plugin.md"
#: Lines of plugin code that an integrator writes, blank ones not counted.
MOST = 150
PART = re.compile(
    r"^`(?P<path>\S+\.py)`\n\n```python\n(?P<code>.*?)^```|^```console\n(?P<console>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
OFFLINE = ["--no-deps", "--no-build-isolation"]
#: A row of `plugins verify` up to what it shows: "A1-config bronze passed".
ROW = re.compile(r"^(\S+)\s+(bronze|silver|gold)\s+(\w+)", re.MULTILINE)


@dataclass
class Reader:
    """Somebody who does what the page says. ``outputs`` are what the commands printed, in order."""

    folder: Path
    site: Path
    outputs: list[tuple[str, str]] = field(default_factory=list)

    def follow(self, page: str) -> None:
        for part in PART.finditer(page):
            if part["path"]:
                (self.folder / part["path"]).write_text(part["code"], encoding="utf-8")
            else:
                self.type(part["console"])

    def type(self, block: str) -> None:
        for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = call.splitlines()
            printed = self.run(shlex.split(command))
            self.outputs.append((command, printed))
            missing = [line for line in shown if squeezed(line) not in squeezed(printed)]
            assert missing == [], f"{command}:\n{printed}"

    def run(self, words: list[str]) -> str:
        if words[0] == "cd":
            self.folder /= words[1]
            return ""
        if words[0] == "pip":  # into a folder of its own, and without a network
            return self.python([*PIP, *OFFLINE, "--target", str(self.site), "."])
        if words[0] == "rm":
            (self.folder / words[1]).unlink()
            return ""
        failing = ("plugins", "verify")  # below silver, and so below what is asked for by default
        return self.python(["-m", *words], may_fail=tuple(words[1:3]) == failing)

    def python(self, words: list[str], *, may_fail: bool = False) -> str:
        cache = {"MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "plugins")}
        path = {"PYTHONPATH": os.pathsep.join([str(self.folder), str(self.site)])}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=os.environ | cache | path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert may_fail or done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout


def squeezed(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    reader = Reader(tmp_path_factory.mktemp("tutorial"), tmp_path_factory.mktemp("site"))
    reader.follow(read(PAGE))
    return reader


@pytest.mark.timeout(180)
def test_the_page_can_be_followed(reader: Reader) -> None:
    done = {command.split()[0] for command, _ in reader.outputs}
    assert done >= {"upheld", "pip", "ruff", "mypy"}


def test_the_plugin_is_small(reader: Reader) -> None:
    package = reader.folder / "upheld_jsonfile"
    files = [package / name for name in ("config.py", "mapping.py", "adapter.py")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert len([line for line in lines if line.strip()]) < MOST


def test_bronze_is_reached(reader: Reader) -> None:
    _, last = [out for out in reader.outputs if out[0].startswith("upheld plugins verify")][-1]
    came_to = {id_: outcome for id_, _, outcome in ROW.findall(last)}
    asked = [each.id for each in assertions(Kind.TRACKER) if each.grade is Grade.BRONZE]
    assert {came_to[id_] for id_ in asked} <= {"passed", "exempt"}
    assert "jsonfile: bronze" in last
