"""Secrets: ``{env: NAME}`` or ``{file: PATH}``, never the value itself.

They are looked up when they are needed; what goes wrong names the variable or the file, never
what is in it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from upheld.errors import ConfigError, Place

_HOW: Final = "write {env: NAME} or {file: PATH}"


class SecretRef(BaseModel):
    """Where a secret is: an environment variable or a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    env: str | None = None
    file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_value(cls, value: Any) -> Any:
        if isinstance(value, Mapping | SecretRef):
            return value
        raise ValueError(f"is a secret, and a secret never stands in the file: {_HOW}")

    @model_validator(mode="after")
    def _one_of_both(self) -> SecretRef:
        if bool(self.env) == bool(self.file):
            raise ValueError(f"needs one of both: {_HOW}")
        return self


@dataclass(frozen=True, slots=True)
class Vault:
    """Looks secrets up; a relative path starts in ``folder``."""

    folder: Path
    environ: Mapping[str, str]

    @classmethod
    def of_process(cls, folder: Path) -> Vault:
        """The variables of this process."""
        return cls(folder, os.environ)

    def open(self, ref: SecretRef, where: Place | None = None) -> SecretStr:
        """The secret; ``ConfigError`` where it is not there, or empty."""
        name, text = (
            self._variable(ref.env, where) if ref.env else self._file(ref.file or "", where)
        )
        if not text:
            raise ConfigError(f"{name} is empty", where=where, do_next="put the secret in")
        return SecretStr(text)

    def path(self, file: str) -> Path:
        """The file that a reference means."""
        return self.folder / Path(file).expanduser()

    def _variable(self, name: str, where: Place | None) -> tuple[str, str]:
        text = self.environ.get(name)
        if text is None:
            raise ConfigError(
                f"the environment variable {name} is not set",
                where=where,
                do_next=f"set {name} for the process that runs upheld",
            )
        return f"the environment variable {name}", text

    def _file(self, file: str, where: Place | None) -> tuple[str, str]:
        """One newline at the end is the editor's, not the secret's."""
        path = self.path(file)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            what = f"the secret's file {path} can't be read: {error.strerror}"
            raise ConfigError(what, where=where, do_next="check path and rights") from None
        except UnicodeDecodeError:
            what = f"the secret's file {path} is not in UTF-8"
            raise ConfigError(what, where=where, do_next="save it as UTF-8") from None
        return f"the secret's file {path}", text.removesuffix("\n").removesuffix("\r")

    def open_to_all(self, ref: SecretRef) -> Path | None:
        """The file of a secret if anybody on this machine may read it."""
        if not ref.file or os.name == "nt":
            return None
        path = self.path(ref.file)
        try:
            return path if path.stat().st_mode & stat.S_IROTH else None
        except OSError:
            return None


def reference(value: Any) -> SecretRef | None:
    """A value as a reference, if that is what it looks like: ``{env: NAME}`` or ``{file: PATH}``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((key, name),) = value.items()
    return SecretRef(**{key: name}) if key in {"env", "file"} and isinstance(name, str) else None


def references(value: Any) -> Iterator[SecretRef]:
    """All references in plain data."""
    found = reference(value)
    if found:
        yield found
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from references(each)
