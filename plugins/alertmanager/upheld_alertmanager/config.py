"""What can be set for an Alertmanager connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url
from upheld.webhooks import Secrets

#: A label in a template, as Prometheus allows its name.
LABEL: Final = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


class Means(StrEnum):
    """What a firing alert of a severity says of its monitor."""

    DOWN = "down"
    DEGRADED = "degraded"
    NOTHING = "nothing"


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _templates(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if not LABEL.search(text) or set(LABEL.sub("", text)) & set("{}"):
            raise ValueError("must name labels in braces, such as {monitor} or {instance}/{job}")
    return texts


def _folded(states: Any) -> Any:
    """Severities are compared without their case."""
    if not isinstance(states, Mapping):
        return states
    return {str(each).casefold(): means for each, means in states.items()}


def _url(url: str) -> str:
    setting_url(url, "http://127.0.0.1:9093", "nothing of Alertmanager's needs one")
    return url.rstrip("/")


class AlertmanagerConfig(ConnectionConfig):
    """A receiver of Alertmanager's that has our door for its webhook."""

    secrets: Secrets = Field(
        description="16 characters or more that Alertmanager proves itself with; two while one is replaced",
    )
    monitor: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_templates)] = (
        Field(
            ("{monitor}", "{instance}/{alertname}"),
            min_length=1,
            description="which monitor an alert is of: its labels in braces; the first of which it has all",
        )
    )
    severity: str = Field("severity", min_length=1, description="the label that says how bad it is")
    states: Annotated[Mapping[str, Means], BeforeValidator(_folded)] = Field(
        {
            "critical": Means.DOWN,
            "warning": Means.DEGRADED,
            "info": Means.NOTHING,
            "none": Means.NOTHING,
        },
        description="what each value of that label means: `down`, `degraded` or `nothing`",
    )
    otherwise: Means = Field(
        Means.DEGRADED, description="what any other value means, and an alert without the label"
    )
    url: Annotated[str, AfterValidator(_url)] | None = Field(
        None,
        description="where Alertmanager's own page is: `check` looks there whether it sends to us",
    )
    receiver: str | None = Field(
        None,
        description="the receiver that sends to us, where Alertmanager hides its URLs (0.26 on)",
    )
    alive: Mapping[str, str] = Field(
        {},
        description="alerts that always fire, by name, and the monitor that is up while they come",
    )
