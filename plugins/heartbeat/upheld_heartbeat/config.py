"""What can be set for a connection of heartbeats."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from upheld.plugin import ConnectionConfig

_SHORTEST: Final = 16


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _long_enough(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(len(each.get_secret_value()) < _SHORTEST for each in secrets):
        raise ValueError(f"needs {_SHORTEST} characters or more each")
    return secrets


class HeartbeatConfig(ConnectionConfig):
    """The secret that the URLs are made with."""

    secrets: Annotated[
        tuple[SecretStr, ...], BeforeValidator(_listed), AfterValidator(_long_enough)
    ] = Field(
        min_length=1,
        description="16 characters or more that URLs are made with: the first makes new ones, "
        "those of the others still work",
    )
