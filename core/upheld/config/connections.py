"""A connection's or a monitor's own keys against its plugin's ``Config``, with secrets looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from upheld.config.model import CONNECTION_KEYS, ConnectionEntry
from upheld.config.monitors import MONITOR_KEYS, MonitorEntry
from upheld.config.secrets import Vault, reference
from upheld.config.shapes import fields, hinted, inner, is_mapping, is_model, kinds
from upheld.errors import ConfigError
from upheld.source import Document

_Path: TypeAlias = tuple[str | int, ...]


def validate_connection(
    entry: ConnectionEntry, config: type[BaseModel], document: Document, vault: Vault | None = None
) -> BaseModel:
    """The options of ``entry`` as its plugin's ``config``; ``ConfigError`` holds all problems.

    Where the plugin's ``Config`` has a ``SecretStr``, a value in the file is refused. Any other
    plain value may be a reference as well (``url: {env: JIRA_URL}``). Without a ``vault`` the variables
    of this process count, and paths start in the folder of the document.
    """
    return _validated(
        entry.options, config, ("connections", entry.name), CONNECTION_KEYS, document, vault
    )


def validate_monitor(
    entry: MonitorEntry, config: type[BaseModel], document: Document, vault: Vault | None = None
) -> BaseModel:
    """The options of a monitor as its probe's ``config``, with secrets as those of a connection."""
    return _validated(
        entry.options, config, ("monitors", entry.name), MONITOR_KEYS, document, vault
    )


def _validated(
    given: Mapping[str, Any],
    config: type[BaseModel],
    at: tuple[str, str],
    also: tuple[str, ...],
    document: Document,
    vault: Vault | None,
) -> BaseModel:
    reading = _Reading(document, vault or Vault.of_process(Path(document.file).parent))
    options = reading.model(given, config, at)
    try:
        valid = config.model_validate(options)
    except ValidationError as error:
        refused = hinted(error, config, document, *at, also=also)
        paths = (each["loc"] for each in error.errors(include_input=False))
        reading.problems += reading.further(zip(paths, refused, strict=True))
    else:
        if not reading.problems:
            return valid
    raise ConfigError.several(tuple(reading.problems))


@dataclass(slots=True)
class _Reading:
    """Walks plain values beside the types that they are for."""

    document: Document
    vault: Vault
    problems: list[ConfigError] = field(default_factory=list)
    opened: list[str] = field(default_factory=list, repr=False)
    missing: set[_Path] = field(default_factory=set)

    def model(self, values: Mapping[str, Any], of: type[BaseModel], path: _Path) -> dict[str, Any]:
        types = dict(fields(of))
        return {
            key: self.value(each, types[key], (*path, key)) if key in types else each
            for key, each in values.items()
        }

    def value(self, value: Any, of: Any, path: _Path) -> Any:
        may_be = tuple(kinds(of))
        if any(kind in {SecretStr, SecretBytes} for kind in may_be):
            return self._secret(value, path)
        if isinstance(value, Mapping):
            return self._mapping(value, may_be, path)
        if isinstance(value, list):
            each_is = inner(may_be)
            return [self.value(each, each_is, (*path, n)) for n, each in enumerate(value)]
        return value

    def _mapping(self, value: Mapping[str, Any], may_be: tuple[Any, ...], path: _Path) -> Any:
        for kind in may_be:
            if is_model(kind):
                return self.model(value, kind, path)
        if any(map(is_mapping, may_be)):
            each_is = inner(may_be)
            return {key: self.value(each, each_is, (*path, key)) for key, each in value.items()}
        return self._secret(value, path) if reference(value) else value

    def _secret(self, value: Any, path: _Path) -> Any:
        if value is None:
            return None
        try:
            text = self._opened(value, path)
        except ConfigError as error:
            self.problems.append(error)
            self.missing.add(path[2:])
            return ""
        self.opened.append(text)
        return text

    def _opened(self, value: Any, path: _Path) -> str:
        where, ref = self.document.place(*path), reference(value)
        if ref is None:
            raise ConfigError(
                f"{'.'.join(map(str, path))}: is a secret, and a secret never stands in the file",
                where=where,
                do_next="write {env: NAME} or {file: PATH}",
            )
        return self.vault.open(ref, where).get_secret_value()

    def further(self, refused: Iterable[tuple[_Path, ConfigError]]) -> Iterator[ConfigError]:
        """What the plugin refuses, but for what only follows from a secret that is not there.

        A plugin's own message may repeat what it was given: secrets are taken out.
        """
        for path, error in refused:
            if self.missing and (path in self.missing or not path):
                continue
            what = error.what
            for secret in sorted(self.opened, key=len, reverse=True):
                what = what.replace(secret, "…")
            yield ConfigError(what, where=error.where, do_next=error.do_next)
