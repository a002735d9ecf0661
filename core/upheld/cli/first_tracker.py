"""The tracker of ``upheld init``: it is asked what it has, and its map is proposed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from upheld.errors import Refusal


@dataclass(frozen=True, slots=True)
class Tracked:
    """The lines of a connection as they stand in upheld.yaml, and what a person has to look at."""

    lines: tuple[str, ...]
    notes: tuple[str, ...]


def tracked(name: str, given: Sequence[str], severities: int) -> Tracked:
    """Ask the tracker of plugin ``name`` what it has. ``given`` are its options as KEY=VALUE; a secret
    comes from the environment, and the file names only the variable. ``severities`` is how many the policy
    has: what a tracker tells apart below the last is the last."""
    from upheld.registry import Registry

    plugin: Any = Registry.load([name]).plugin(name)
    options: dict[str, Any] = dict(_pairs(given))
    secrets = dict(_secrets(name, plugin))
    setup = _asked(name, plugin, _configured(name, plugin, options, secrets))
    written = {**options, **{key: {"env": variable} for key, variable in secrets.items()}}
    lines = _lines(name, {**written, **setup.options, **_within(setup.keys, severities)})
    return Tracked(tuple(lines), tuple(setup.notes))


def _secrets(name: str, plugin: Any) -> Iterator[tuple[str, str]]:
    """The secrets that the environment holds: option and variable."""
    from pydantic import SecretStr

    for key, field in plugin.Config.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        variable = _variable(name, key)
        if SecretStr in kinds and variable in os.environ:
            yield key, variable


def _variable(name: str, key: str) -> str:
    return f"UPHELD_{name}_{key}".upper().replace("-", "_")


def _configured(
    name: str, plugin: Any, options: Mapping[str, Any], secrets: Mapping[str, str]
) -> Any:
    from pydantic import ValidationError

    opened = {key: os.environ[variable] for key, variable in secrets.items()}
    try:
        return plugin.Config.model_validate({**options, **opened})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or name
        then = (
            f"give options with --set KEY=VALUE, secrets as {_variable(name, 'token')} and the like"
        )
        raise Refusal(f"{where}: {first['msg']}", do_next=then) from None


def _within(keys: Mapping[str, Any], severities: int) -> dict[str, Any]:
    mapped = dict(keys.get("map") or {})
    rule = mapped.get("severity")
    if isinstance(rule, Mapping) and "values" in rule:
        values = {theirs: min(ours, severities) for theirs, ours in rule["values"].items()}
        mapped["severity"] = {**rule, "values": values}
    return {**keys, "map": mapped} if mapped else dict(keys)


def _asked(name: str, plugin: Any, config: Any) -> Any:
    from upheld.clock import SystemClock
    from upheld.context import ConnectionContext
    from upheld.logs import logger
    from upheld.seam import Live

    with TemporaryDirectory() as folder:
        context = ConnectionContext(
            name=name,
            site="init",
            public_url=None,
            folder=Path(folder),
            log=logger(connection=name),
            vault={},
            clock=SystemClock(),
        )
        live = Live(name, plugin(config, context))
        try:
            return live.call(live.plugin.propose)
        finally:
            live.close()


def _pairs(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise Refusal(f"--set {each}: has no value", do_next="write --set KEY=VALUE")
        yield key.strip(), value.strip()


def _lines(name: str, values: Mapping[str, object]) -> Iterator[str]:
    """As YAML, two blanks in; what is deeper than a rule of the map stands on one line, as JSON is."""
    yield f"  {name}:"
    yield f"    plugin: {name}"
    for key, value in values.items():
        if key == "map" and isinstance(value, Mapping):
            yield "    map:"
            yield from (f"      {ours}: {_inline(rule)}" for ours, rule in value.items())
        else:
            yield f"    {key}: {_inline(value)}"


def _inline(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
