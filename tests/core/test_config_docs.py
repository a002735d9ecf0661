"""docs/reference/config.md holds every key, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from upheld.calendar.instant import MINUTE, SECOND
from upheld.config import Config, config_from
from upheld.config.mapping import ConflictsEntry, RuleEntry, StaffEntry
from upheld.config.model import (
    BrakeEntry,
    ConnectionEntry,
    GoLiveEntry,
    Rate,
    SiteReach,
    SolutionEntry,
    WatchEntry,
    WebEntry,
)
from upheld.config.monitors import MonitorEntry, ProviderEntry, WatchingEntry
from upheld.config.shapes import written
from upheld.directory.customers_csv import COLUMNS
from upheld.directory.written import (
    AgreementEntry,
    ContactEntry,
    CustomerEntry,
    PersonEntry,
    PlanEntry,
    RotationEntry,
    ServerEntry,
    SystemEntry,
)
from upheld.source import parse

_PAGE: Final = (Path(__file__).parents[2] / "docs" / "reference" / "config.md").read_text("utf-8")
_MODELS: Final[dict[str, tuple[type[BaseModel], ...]]] = {
    "At the top": (Config,),
    "web": (WebEntry,),
    "go_live": (GoLiveEntry, BrakeEntry),
    "connections": (ConnectionEntry,),
    "map": (RuleEntry,),
    "conflicts": (ConflictsEntry,),
    "staff": (StaffEntry,),
    "people": (PersonEntry,),
    "reach": (SiteReach,),
    "rotations": (RotationEntry,),
    "solutions": (SolutionEntry,),
    "monitors": (MonitorEntry,),
    "providers": (ProviderEntry,),
    "watching": (WatchingEntry,),
    "watch_me": (WatchEntry,),
    "customers": (CustomerEntry, PlanEntry, AgreementEntry, ContactEntry, SystemEntry, ServerEntry),
}
#: How a connection is held, not what is written.
_INNER: Final = {
    (ConnectionEntry, "name"),
    (ConnectionEntry, "options"),
    (MonitorEntry, "name"),
    (MonitorEntry, "options"),
    (RuleEntry, "ours"),
}
_EXAMPLES: Final = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
_AROUND: Final = """\
site: s
policy: p
connections: {desk: {plugin: x}, mailbox: {plugin: x}, pager: {plugin: x}, phone: {plugin: x}}
customers: {acme: {name: Acme}}
"""


def _rows(section: str) -> dict[str, list[str]]:
    """The rows of a section's tables by key, as cells."""
    text = re.split(r"^###? ", _PAGE, flags=re.MULTILINE)
    (found,) = (part for part in text if part.startswith(f"{section}\n"))
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", found, re.MULTILINE)
    return {key: [cell.strip() for cell in cells.split("|")] for key, cells in rows}


@pytest.mark.parametrize("section", _MODELS)
def test_every_key_has_its_line_and_no_other(section: str) -> None:
    models = _MODELS[section]
    keys = {key for model in models for key in written(model) if (model, key) not in _INNER}
    assert set(_rows(section)) == keys


@pytest.mark.parametrize("section", _MODELS)
def test_what_the_page_calls_required_is(section: str) -> None:
    rows = _rows(section)
    for model in _MODELS[section]:
        for name, info in model.model_fields.items():
            key = info.alias or name
            if (model, key) not in _INNER and info.is_required():
                assert rows[key][1] == "required", key


def _shown(default: object) -> str:
    if isinstance(default, Rate):
        return default.text
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return " ".join(map(str, default)) or "[]"
    for unit, name in ((MINUTE, "minute"), (SECOND, "second")):
        if isinstance(default, int) and default and default % unit == 0:
            count = default // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return str(default)


@pytest.mark.parametrize("section", [each for each in _MODELS if each != "customers"])
def test_plain_defaults_are_those_of_the_page(section: str) -> None:
    rows = _rows(section)
    for model in _MODELS[section]:
        for key, info in model.model_fields.items():
            plain = info.default not in (None, (), PydanticUndefined)
            if plain and (model, key) not in _INNER:
                assert rows[key][1] == f"`{_shown(info.default)}`", key


def test_every_key_has_a_description_for_editors() -> None:
    for models in _MODELS.values():
        for model in models:
            for name, info in model.model_fields.items():
                assert info.description or (model, name) in _INNER, (model, name)


def test_every_column_of_the_csv_is_told() -> None:
    rows = re.findall(
        r"^\| ((?:`\w+` ?)+)\|", _PAGE.partition("### customers.csv")[2], re.MULTILINE
    )
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(COLUMNS)


@pytest.mark.parametrize("number", range(len(_EXAMPLES)))
def test_examples_are_taken(number: int, tmp_path: Path) -> None:
    example = _EXAMPLES[number]
    keys = re.findall(r"^(\w+):", example, re.MULTILINE)
    around = [line for line in _AROUND.splitlines() if line.partition(":")[0] not in keys]
    if "connections" in keys and "desk" not in re.findall(r"^  (\w+):", example, re.MULTILINE):
        example += "  desk: {plugin: builtin}\n"
    text = "\n".join((*around, example))
    assert config_from(parse(text, "config.md"), tmp_path).site
