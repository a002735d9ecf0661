"""Scenarios of a file, or of a policy that ships, each under its policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from upheld.engine.terms import Terms, compile_terms
from upheld.errors import ConfigError, NotFound
from upheld.policy import load_policy, load_shipped, shipped
from upheld.rehearsal.compare import Compared, compared
from upheld.rehearsal.document import document
from upheld.rehearsal.plain import as_plain
from upheld.rehearsal.read import scenarios
from upheld.rehearsal.scenario import Scenario
from upheld.rehearsal.stage import Played, play
from upheld.source import Document, parse, read


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A scenario, what came of it, and how that differs from what was expected."""

    scenario: Scenario
    played: Played
    found: Compared

    def as_plain(self) -> dict[str, Any]:
        """For machines."""
        return as_plain(self.scenario, self.played, self.found)


def rehearse(name: str, policy: str | None = None) -> Iterator[Rehearsed]:
    """Live through the scenarios of a file; the name of a shipped policy stands for its own.

    ``policy`` (a file or a name) replaces what they name. ``ConfigError`` tells what is wrong.
    """
    file, folder = _document(name)
    for scenario in scenarios(file, policy=policy):
        terms = _terms(scenario.policy, Path() if policy else folder)
        facts = tuple(scenario.facts.items())
        played = play(terms, scenario.directory, facts, scenario.until, scenario.down)
        yield Rehearsed(scenario, played, compared(scenario, played))


def shipped_scenarios(name: str) -> Document:
    """The scenarios that ship with a policy; ``NotFound`` where there are none."""
    file = files("upheld.policy").joinpath("shipped", "scenarios", f"{name}.yaml")
    if not file.is_file():
        raise NotFound(f"no scenarios ship with policy {name!r}")
    return parse(file.read_text(encoding="utf-8"), f"{name}.yaml")


def _document(name: str) -> tuple[Document, Path]:
    if name in shipped():
        return shipped_scenarios(name), Path()
    return document(Path(name)), Path(name).parent


@cache  # one policy for hundreds of scenarios
def _terms(name: str, folder: Path) -> Terms:
    if name in shipped():
        return compile_terms(load_shipped(name))
    path = folder / name
    if not path.is_file():
        raise ConfigError(
            f"there is no policy {name!r}",
            where=str(path),
            do_next=f"name a file, or one of: {', '.join(shipped())}",
        )
    return compile_terms(load_policy(read(path)))
