"""A connection's own keys against its plugin's ``Config``, with secrets looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from upheld.config.model import CONNECTION_KEYS, ConnectionEntry
from upheld.config.secrets import Vault, reference
from upheld.config.shapes import fields, hinted, inner, kinds
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
    reading = _Reading(document, vault or Vault.of_process(Path(document.file).parent))
    options = reading.model(entry.options, config, ("connections", entry.name))
    found = reading.problems
    if not found:
        try:
            return config.model_validate(options)
        except ValidationError as error:
            at = ("connections", entry.name)
            refused = hinted(error, config, document, *at, also=CONNECTION_KEYS)
            found = [reading.without_secrets(each) for each in refused]
    raise ConfigError.several(tuple(found))


@dataclass(slots=True)
class _Reading:
    """Walks plain values beside the types that they are for."""

    document: Document
    vault: Vault
    problems: list[ConfigError] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def model(self, values: Mapping[str, Any], of: type[BaseModel], path: _Path) -> dict[str, Any]:
        types = dict(fields(of))
        return {
            key: self.value(each, types.get(key, Any), (*path, key)) for key, each in values.items()
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
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                return self.model(value, kind, path)
        if (
            any(issubclass(get_origin(kind) or object, Mapping) for kind in may_be)
            or dict in may_be
        ):
            each_is = inner(may_be)
            return {key: self.value(each, each_is, (*path, key)) for key, each in value.items()}
        return self._secret(value, path) if reference(value) else value

    def _secret(self, value: Any, path: _Path) -> Any:
        if value is None:
            return None
        where = self.document.place(*path)
        ref = reference(value)
        if ref is None:
            key = ".".join(map(str, path))
            self.problems.append(
                ConfigError(
                    f"{key}: is a secret, and a secret never stands in the file",
                    where=where,
                    do_next="write {env: NAME} or {file: PATH}",
                )
            )
            return None
        try:
            text = self.vault.open(ref, where).get_secret_value()
        except ConfigError as error:
            self.problems.append(error)
            return None
        self.opened.append(text)
        return text

    def without_secrets(self, error: ConfigError) -> ConfigError:
        """A plugin's own message may repeat what it was given."""
        what = error.what
        for secret in sorted(self.opened, key=len, reverse=True):
            what = what.replace(secret, "…")
        return ConfigError(what, where=error.where, do_next=error.do_next)
