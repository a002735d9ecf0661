"""Targets of other systems as monitors of ours: the shape they share, and what each of them must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from upheld.config.monitors import MonitorEntry
from upheld.errors import ConfigError, Place

#: Keys of a monitor that hold a list.
_LISTS: Final = ("after",)
#: Probes that a URL's scheme asks for, besides the probe of its name.
_SCHEMES: Final = {"https": "http", "imaps": "imap", "smtps": "smtp", "ssl": "tls"}


@dataclass(frozen=True, slots=True)
class Brought:
    """One target: what it shall be called, and its keys as upheld.yaml has them.

    ``given`` is "" where the file does not say: then it is called after its customer and its place.
    """

    given: str
    keys: Mapping[str, Any] = field(repr=False)
    place: Place

    @property
    def name(self) -> str:
        """As given; else as a customer's `servers` are called, ``acme/www.acme.example``."""
        customer = self.keys.get("customer")
        there = self.where.partition("://")[2].strip("/") or self.where
        return self.given or (f"{customer}/{there}" if customer else there)

    @property
    def where(self) -> str:
        """What is asked, for a person."""
        keys = self.keys
        if "url" in keys:
            return str(keys["url"])
        return ":".join(str(keys[key]) for key in ("host", "port") if key in keys)


@dataclass(frozen=True, slots=True)
class Targets:
    """What a file holds, and what in it is no target."""

    found: tuple[Brought, ...] = ()
    problems: tuple[ConfigError, ...] = ()


def checked(
    targets: Targets,
    defaults: Mapping[str, str],
    fits: Callable[[MonitorEntry], None] = lambda _entry: None,
) -> tuple[Brought, ...]:
    """All of them, with ``defaults`` for keys that they lack; ``ConfigError`` with all that is no target, no
    monitor, or is called like another, each with its line. ``fits`` may refuse what a probe can't take."""
    there: dict[str, Brought] = {}
    problems = list(targets.problems)
    for target in targets.found:
        each = replace(target, keys={**defaults, **target.keys})
        try:
            _is_new(each, there)
            fits(_entry(each))
        except ConfigError as error:
            told = (
                ConfigError(p.what, where=each.place, do_next=p.do_next) for p in error.problems
            )
            problems += told
        there.setdefault(each.name, each)
    if problems:
        raise ConfigError.several(tuple(sorted(problems, key=_line)))
    return tuple(there.values())


def _line(problem: ConfigError) -> int:
    return (isinstance(problem.where, Place) and problem.where.line) or 0


def _is_new(each: Brought, there: Mapping[str, Brought]) -> None:
    other = there.get(each.name)
    if other is not None:
        line = other.place.line
        raise ConfigError(
            f"{each.name!r} stands already at line {line}",
            do_next="give it a name of its own: a column, or a label, `name`",
        )


def _entry(each: Brought) -> MonitorEntry:
    try:
        return MonitorEntry.model_validate(
            {"name": each.name} | dict(MonitorEntry.split(each.keys))
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(step) for step in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{each.name}: {f'{at}: ' if at else ''}{said}") from None


def keyed(given: Mapping[str, str]) -> dict[str, Any]:
    """Cells or labels as keys: empty ones are left out, lists are split, figures are figures."""
    keys: dict[str, Any] = {}
    for name, value in given.items():
        text = value.strip()
        if text and name in _LISTS:
            keys[name] = text.replace(",", " ").replace(";", " ").split()
        elif text:
            keys[name] = int(text) if text.isdecimal() else text
    return keys


def asked(target: str, probe: str | None = None) -> dict[str, Any]:
    """The probe of a target, and its place: a URL, ``host:port``, or a host alone (which is pinged).

    ``ValueError`` where it is none of these.
    """
    parts = urlsplit(target if "://" in target else f"//{target}")
    port, host = parts.port, parts.hostname
    if not host or set(target) & set(" \t"):
        raise ValueError(f"{target!r} is no URL and no host:port")
    scheme = parts.scheme.lower()
    kind = probe or _SCHEMES.get(scheme, scheme) or ("tcp" if port else "ping")
    if kind == "http":
        return {"probe": kind, "url": target if scheme else f"http://{target}"}
    return {"probe": kind, "host": host} | ({"port": port} if port else {})
