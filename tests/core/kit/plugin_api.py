"""The plugin interface as its page tells it: signatures, values and first lines of what is public."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Protocol

from upheld import plugin
from upheld.plugin import Connection, Notifier, PluginError, Probe, Tracker

BASES = (Connection, Tracker, Notifier, Probe)
LENT = (plugin.Context, plugin.Logger)


def public() -> dict[str, Any]:
    return {name: getattr(plugin, name) for name in plugin.__all__}


def is_kind(found: Any, kind: type) -> bool:
    return inspect.isclass(found) and issubclass(found, kind)


def words() -> Iterator[str]:
    for name, found in public().items():
        if is_kind(found, Enum):
            values = " ".join(f"`{each.value}`" for each in found)
            yield f"| `{name}` | {values} | {first_line(found)} |"


def records() -> Iterator[str]:
    for name, found in public().items():
        if dataclasses.is_dataclass(found):
            yield f"| `{signature(name, found)}` | {first_line(found)} |"


def errors() -> Iterator[str]:
    for name, found in public().items():
        if is_kind(found, PluginError):
            yield f"| `{signature(name, found)}` | {first_line(found)} |"


def methods(of: type) -> Iterator[str]:
    for name, found in vars(of).items():
        if inspect.isfunction(found) and (not name.startswith("_") or name == "__init__"):
            abstract = getattr(found, "__isabstractmethod__", False)
            must = "yes" if abstract or issubclass(of, Protocol) else ""
            doc = first_line(found) if found.__doc__ else ""
            yield f"| `{signature(name, found)}` | {must} | {doc} |"


def told_otherwise() -> set[str]:
    """Names that are no class of the lists: aliases, the marker, the base of settings."""
    listed = {*LENT, *BASES}
    return {
        name
        for name, found in public().items()
        if not (
            dataclasses.is_dataclass(found)
            or is_kind(found, Enum)
            or is_kind(found, PluginError)
            or found in listed
        )
    }


def signature(name: str, found: Any) -> str:
    text = re.sub(r"'([^']*)'", lambda quoted: quoted[1] or '""', str(inspect.signature(found)))
    text = re.sub(r"<(\w+\.\w+): \w+>", r"\1", text).replace("<factory>", "{}")
    return f"{name}{text.removesuffix(' -> None')}".replace("|", "\\|")


def first_line(found: Any) -> str:
    return " ".join((inspect.getdoc(found) or "").partition("\n\n")[0].replace("``", "`").split())
