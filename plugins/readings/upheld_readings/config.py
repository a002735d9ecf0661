"""What can be set for a connection of readings: who sends, and where in their JSON what stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from upheld.json_path import steps
from upheld.plugin import ConnectionConfig
from upheld.webhooks import Secrets

#: A path in a template.
PATH: Final = re.compile(r"\{([$@][^{}]*)\}")


class Means(StrEnum):
    """What a value says of its monitor."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    INCONCLUSIVE = "inconclusive"
    NOTHING = "nothing"


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _path(text: str) -> str:
    steps(text)
    return text


def _template(text: str) -> str:
    """A path alone is a template of one."""
    whole = text if "{" in text else f"{{{text}}}"
    for path in PATH.findall(whole):
        steps(path)
    if not PATH.search(whole) or set(PATH.sub("", whole)) & set("{}"):
        raise ValueError(
            "must be a path such as @.monitor, or texts with paths: {@.host}/{@.check}"
        )
    return whole


def _folded(states: Any) -> Any:
    """Values as they are compared: true and 0 of YAML are those of JSON."""
    if not isinstance(states, Mapping):
        return states
    return {word(each): means for each, means in states.items()}


def word(value: object) -> str:
    """A value of JSON as it is looked up: without its case."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value).strip().casefold()


Path = Annotated[str, AfterValidator(_path)]


class Signature(ConnectionConfig):
    """How a sender signs its bodies: an HMAC of the body alone."""

    header: str = Field("X-Signature", min_length=1, description="the header that bears it")
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = Field(
        "sha256", description="the hash of the HMAC"
    )
    prefix: str = Field("", description="what stands before it in the header, such as `sha256=`")
    encoding: Literal["hex", "base64"] = Field("hex", description="how it is written")


class ReadingsConfig(ConnectionConfig):
    """Paths begin with ``@`` where they are of one item, with ``$`` where they are of the whole body."""

    secrets: Secrets = Field(
        description="16 characters or more that the sender proves itself with; two while one is replaced",
    )
    signature: Signature | None = Field(
        None,
        description="how bodies are signed with it; left out: it is sent, as a token, password or path",
    )
    items: Path | None = Field(
        None, description="where the list of items is; left out: the body is one, or a list"
    )
    monitor: Annotated[str, AfterValidator(_template)] = Field(
        "@.monitor",
        validate_default=True,
        description="which monitor it is of: a path, or texts with paths in braces",
    )
    state: Path = Field("@.state", description="where it says how the monitor is")
    states: Annotated[Mapping[str, Means], BeforeValidator(_folded)] = Field(
        {each.value: each for each in Means if each is not Means.NOTHING},
        description="what each value means: `up`, `degraded`, `down`, `inconclusive` or `nothing`",
    )
    otherwise: Means | None = Field(
        None,
        description="what any other value means; left out: it is refused, and kept in quarantine",
    )
    at: Path = Field(
        "@.at", description="since when: ISO 8601, or seconds or more finely since 1970"
    )
    zone: str | None = Field(
        None, description="the time zone of instants that tell none; left out: these are refused"
    )
    latency: Path = Field("@.latency", description="how long an answer took")
    latency_in: Literal["seconds", "milliseconds"] = Field(
        "milliseconds", description="the unit of that"
    )
    detail: Annotated[tuple[Path, ...], BeforeValidator(_listed)] = Field(
        ("@.detail",), description="where a person reads why: the first that says something"
    )
    version: Path = Field("@.version", description="where it says what runs there")

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, zone: str | None) -> str | None:
        try:
            _ = None if zone is None else ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("must be a zone such as Europe/Berlin or UTC") from error
        return zone
