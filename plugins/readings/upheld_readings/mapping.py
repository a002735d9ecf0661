"""Items of JSON as readings, by the paths of the settings. Pure."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.json_path import value_at
from upheld.plugin import Health, Reading, Refused, Request
from upheld.webhooks import line, not_later
from upheld_readings.config import PATH, Means, ReadingsConfig, word

#: More in one body are a fault of the sender.
MOST: Final = 5000
_SHORT: Final = 200
#: What takes longer is no latency.
_LONGEST: Final = timedelta(days=1)
#: Since 1970 in seconds, milliseconds, microseconds or nanoseconds: none is so far in the future.
_UNITS: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))


class Unfit(ValueError):
    """An item that fits no monitor or state, and why."""


def listed(body: Any, config: ReadingsConfig) -> list[Any]:
    """The items of a body; ``Unfit`` where it has none."""
    if config.items is None:
        found = body if isinstance(body, list) else [body]
    else:
        found = _at(config.items, body, body)
    if not isinstance(found, list):
        raise Unfit(f"there is no list at {config.items}")
    if len(found) > MOST:
        raise Unfit(f"it has {len(found)} items, more than {MOST}")
    return found


def read(
    item: Any, body: Any, config: ReadingsConfig, request: Request
) -> Reading | Refused | None:
    """What an item says; None where that means nothing."""
    try:
        return _reading(item, body, config, request)
    except Unfit as error:
        raw = json.dumps(item, sort_keys=True).encode()
        return Refused(f"item {sha256(raw).hexdigest()[:32]}", line(str(error), 300), raw)


def _reading(item: Any, body: Any, config: ReadingsConfig, request: Request) -> Reading | None:
    means = _means(_at(config.state, body, item), config)
    if means is Means.NOTHING:
        return None
    told = _at(config.at, body, item)
    return Reading(
        _monitor(item, body, config),
        Health(means.value),
        request.at if told is None else not_later(instant(told, config.zone), request),
        latency=_latency(_at(config.latency, body, item), config),
        detail=line(next((_text(v) for p in config.detail if (v := _at(p, body, item))), "")),
        version=_version(_at(config.version, body, item)),
    )


def _at(path: str, body: Any, item: Any) -> Any:
    """What stands at a path; None where nothing does."""
    try:
        return value_at(path, body, item)
    except LookupError:
        return None


def _monitor(item: Any, body: Any, config: ReadingsConfig) -> str:
    name = config.monitor
    for path in PATH.findall(config.monitor):
        value = _at(path, body, item)
        if isinstance(value, bool | dict | list | None) or not str(value).strip():
            raise Unfit(f"no monitor: there is no name at {path}")
        name = name.replace(f"{{{path}}}", str(value))
    return line(name, _SHORT)


def _means(value: Any, config: ReadingsConfig) -> Means:
    if isinstance(value, dict | list):
        raise Unfit(f"no state: what is at {config.state} is no value")
    means = config.states.get(word(value), config.otherwise)
    if means is not None:
        return means
    if value is None:
        raise Unfit(f"no state: there is none at {config.state}")
    raise Unfit(f"no state: `states` does not know '{line(word(value), 60)}'")


def instant(told: Any, zone: str | None) -> datetime:
    """An instant as senders write it: ISO 8601, or a number since 1970; ``Unfit`` for anything else."""
    try:
        number = _number(told)
        at = datetime.fromisoformat(str(told).strip()) if number is None else _since_1970(number)
        if at.tzinfo is None:
            if zone is None:
                raise Unfit("an instant without its zone: set `zone`")
            at = at.replace(tzinfo=ZoneInfo(zone))
        return at.astimezone(UTC)
    except Unfit:
        raise
    except (ValueError, OverflowError, TypeError) as error:
        raise Unfit(f"'{line(str(told), 40)}' is no instant") from error


def _since_1970(number: float) -> datetime:
    unit = next((unit for most, unit in _UNITS if abs(number) < most), None)
    if unit is None:
        raise OverflowError
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=number / unit)


def _number(value: Any) -> float | None:
    """A number, or a text that is one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _latency(value: Any, config: ReadingsConfig) -> timedelta | None:
    """A latency that can be; what can't be is no reason to lose the reading."""
    number = _number(value)
    if number is None or not 0 <= number <= _LONGEST.total_seconds() * 1000:
        return None
    found = timedelta(**{config.latency_in: number})
    return found if found <= _LONGEST else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _version(value: Any) -> str | None:
    return None if value is None or value == "" else line(_text(value), _SHORT)
