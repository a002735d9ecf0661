"""Targets from a CSV: a row a target, in UTF-8, with commas or semicolons.

A column ``url`` or ``target`` (or ``host`` and ``port``) says what to ask; ``name``, where there is one, what
it is called. All other columns are keys of a monitor or of its probe, as in upheld.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from upheld.directory.rows import rows
from upheld.errors import ConfigError, Place
from upheld.monitor.brought import Brought, Targets, asked, keyed

#: What tells where a target is, by its column.
_TARGET: Final = ("target", "url", "host")


def from_csv(text: str, file: str) -> Targets:
    """The targets of a file; ``ConfigError`` where it is no CSV, or has no column that says what to ask."""
    found: list[Brought] = []
    problems: list[ConfigError] = []
    for line, cells in rows(text, file, _header, begin_with="name,url,customer"):
        try:
            found.append(_brought(cells, Place(file, line)))
        except ValueError as error:
            problems.append(ConfigError(str(error), where=Place(file, line)))
    return Targets(tuple(found), tuple(problems))


def _header(cells: list[str], place: Place) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"column {twice!r} stands twice", where=place)
    if not set(header) & {*_TARGET, "fed_by"}:
        raise ConfigError(
            "no column says what to ask",
            where=place,
            do_next="call it `url`, `target`, or `host` (and `port`)",
        )
    return header


def _brought(cells: Mapping[str, str], place: Place) -> Brought:
    keys = keyed(cells)
    name = str(keys.pop("name", ""))
    probe = keys.pop("probe", None)
    target = str(keys.pop("target", "") or keys.pop("url", ""))
    if target:
        found: dict[str, Any] = asked(target, probe)
    elif "host" in keys:
        found = {"probe": probe or ("tcp" if "port" in keys else "ping")}
    elif "fed_by" in keys and name:
        found = {}
    else:
        raise ValueError("says nothing to ask")
    return Brought(name, found | keys, place)
