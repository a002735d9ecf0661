"""What can be set for a PagerDuty connection."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url

_SUCH_AS: Final = "https://events.pagerduty.com"
_ID: Final = re.compile(r"[A-Z0-9]{4,20}")


def _https_and_bare(url: str) -> str:
    parts = setting_url(url, _SUCH_AS, "keys have settings of their own")
    if parts.path.rstrip("/").endswith("/v2/enqueue"):
        raise ValueError(f"must end before /v2/enqueue, such as {_SUCH_AS}")
    return url.rstrip("/")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Url = Annotated[str, AfterValidator(_https_and_bare)]


class PagerDutyConfig(ConnectionConfig):
    """``key`` pages by the Events API; ``token``, ``service`` and ``sender`` by the Incidents API, which
    PagerDuty recommends to ticketing systems. ``token`` beside ``key`` reads back what came of a page."""

    key: SecretStr | None = Field(
        None, description="the integration key (32 characters) of the service: pages by events"
    )
    token: SecretStr | None = Field(
        None, description="a REST API key: pages by incidents, and reads back what came of them"
    )
    service: str | None = Field(
        None, description="the id of the service on which incidents are opened"
    )
    sender: str | None = Field(
        None,
        description="mail address of the user in whose name incidents are opened",
    )
    user: str | None = Field(
        None, description="the id of that user: what it does there is our own doing, and no answer"
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)] = Field(
        (), description="the secret of the webhook subscription; two while one is replaced"
    )
    events_url: Url = Field(
        "https://events.pagerduty.com",
        description="where events go; https://events.eu.pagerduty.com in the EU",
    )
    api_url: Url = Field(
        "https://api.pagerduty.com",
        description="where the REST API is; https://api.eu.pagerduty.com in the EU",
    )
    client: str = Field("Upheld", max_length=255, description="the name that the incident shows")
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("service", "user")
    @classmethod
    def _an_id(cls, found: str | None) -> str | None:
        if found is not None and not _ID.fullmatch(found):
            raise ValueError("is no id: it stands at the end of the page's address, as in PABC123")
        return found

    @model_validator(mode="after")
    def _one_way(self) -> PagerDutyConfig:
        incidents = (self.service, self.sender)
        if self.key is not None:
            if any(incidents):
                raise ValueError("has key, which pages by events: leave out service and sender")
        elif self.token is None or not all(incidents):
            raise ValueError("needs key (events), or token, service and sender (incidents)")
        return self

    @property
    def by_events(self) -> bool:
        """Whether pages go out as events."""
        return self.key is not None
