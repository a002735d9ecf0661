"""What is asked, and how: each monitor's probe with its checked options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from upheld.config import Config, validate_monitor
from upheld.config.plugins import probe_named
from upheld.errors import ConfigError
from upheld.monitor.watchlist import Watched
from upheld.plugin import Probe
from upheld.registry import Registry


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, and by which probe."""

    probe: Probe[Any]
    config: BaseModel


def targets(
    config: Config, registry: Registry, watched: Mapping[str, Watched]
) -> Mapping[str, Target]:
    """By name, for all that is asked; ``ConfigError`` with all that is wrong with them.

    A probe keeps nothing, so there is one of each.
    """
    found: dict[str, Target] = {}
    probes: dict[type[Probe[Any]], Probe[Any]] = {}
    problems: list[ConfigError] = []
    for name, each in watched.items():
        if each.entry.probe is None:
            continue
        try:
            where = config.document.place("monitors", name, "probe")
            kind = probe_named(registry, each.entry.probe, where)
            options = validate_monitor(each.entry, kind.Config, config.document, config.vault)
        except ConfigError as error:
            problems += (_placed(problem, each) for problem in error.problems)
        else:
            found[name] = Target(probes.setdefault(kind, kind()), options)
    if problems:
        raise ConfigError.several(tuple(problems))
    return found


def _placed(problem: ConfigError, each: Watched) -> ConfigError:
    """A customer's server stands with its customer."""
    if each.implied and each.place is not None:
        return ConfigError(problem.what, where=each.place, do_next=problem.do_next)
    return problem
