"""A site in a folder: built-in tracker, everything else written to files, live for everybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from upheld.cli import main

CONFIG = """
site: test
policy: magnolia
data: data
go_live: {mode: live, live_for: [all]}
connections:
  desk: {plugin: builtin}
  paper: {plugin: terminal, to: paper.txt}
customers_hear_by: paper
people:
  ann: {name: Ann Reyes, mail: ann@magnolia.example}
  bo: {name: Bo Lindt, mail: bo@magnolia.example}
reach:
  page: [{page: paper}]
  call: [{voice: paper}]
  notify: [{mail: paper}]
roles:
  operations-manager: ann
  on-duty-engineer: bo
  support-team: [ann, bo]
  vp-operations: ann
  operator: ann
links: {troubleshooting: https://magnolia.example/help, downloads: https://magnolia.example/get}
customers:
  acme:
    name: Acme Internet
    domains: [acme.example]
    contacts:
    - name: Pat Lin
      mail: pat@acme.example
      phone: "+12025550111"
      is: [contact, technical, escalation-manager]
"""


@dataclass
class Terminal:
    """Somebody at a terminal, in the folder of a site."""

    folder: Path
    config: Path

    def __call__(self, *words: str, stdin: str | None = None, exits: int = 0) -> Result:
        """Type ``upheld -c upheld.yaml WORDS``; it must exit with ``exits``."""
        done = CliRunner().invoke(main, ["-c", str(self.config), *words], input=stdin)
        assert done.exit_code == exits, done.output + repr(done.exception)
        return done

    def json(self, *words: str, exits: int = 0) -> Any:
        """The same with ``--json``, read back."""
        return json.loads(self(*words, "--json", exits=exits).stdout)

    def case(self, subject: str = "One server is slow", *more: str) -> str:
        """Enter a case; answers its handle."""
        words = ("cases", "open", subject, "--from", "pat@acme.example", "--as", "bo", *more)
        handle: str = self.json(*words)["id"]
        return handle

    def kinds(self, case: str) -> list[str]:
        """The kinds of events of a case, in their order."""
        return [event["kind"] for event in self.json("cases", "show", case)["events"]]

    @property
    def paper(self) -> str:
        """What the far end got so far."""
        file = self.folder / "data" / "connections" / "paper" / "paper.txt"
        return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.fixture
def upheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    config = tmp_path / "upheld.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    monkeypatch.delenv("UPHELD_ACTOR", raising=False)
    monkeypatch.delenv("UPHELD_CONFIG", raising=False)
    return Terminal(tmp_path, config)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Commands set up logging for their process; the next test gets it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


Change = Callable[[str, str], None]


@pytest.fixture
def edit(upheld: Terminal) -> Change:
    """Replace a text in upheld.yaml."""

    def replaced(old: str, new: str) -> None:
        text = upheld.config.read_text(encoding="utf-8")
        assert old in text
        upheld.config.write_text(text.replace(old, new), encoding="utf-8")

    return replaced
