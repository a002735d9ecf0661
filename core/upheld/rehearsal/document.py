"""A file of scenarios as plain data. JSON is read as such: a file of a thousand cases is a machine's,
and where each key stands is found when something is wrong with it, at ten times the price."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn

from upheld import source
from upheld.errors import ConfigError, Place
from upheld.source import Document, Path_

_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def document(path: Path) -> Document:
    """Read a file of scenarios; ``ConfigError`` with the place where it is neither YAML nor JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = _json(text)
    except (OSError, ValueError, RecursionError):
        return source.read(path)  # which says what is wrong, or reads what is YAML alone
    return Document(data, str(path), text, _Places(text, str(path)))


def _json(text: str) -> Any:
    if len(text) > source.LIMIT or _HALF.search(text):
        raise ValueError
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refused(_name: str) -> NoReturn:
    raise ValueError("no number")


class _Places(Mapping[Path_, Place]):
    """Where keys stand, found the first time that it is asked for."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file

    @cached_property
    def _found(self) -> Mapping[Path_, Place]:
        try:
            return source.parse(self._text, self._file).places
        except ConfigError:  # JSON that is no YAML: indented by tabs
            return {}

    def __getitem__(self, path: Path_) -> Place:
        return self._found[path]

    def __iter__(self) -> Iterator[Path_]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
