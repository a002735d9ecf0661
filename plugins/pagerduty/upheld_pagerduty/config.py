"""What can be set for a PagerDuty connection."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class PagerDutyConfig(ConnectionConfig):
    """An integration of type "Events API v2" on a PagerDuty service."""

    key: SecretStr = Field(description="the integration key (32 characters) of the service")
    events_url: str = Field(
        "https://events.pagerduty.com",
        description="where events go; https://events.eu.pagerduty.com in the EU",
    )
    client: str = Field("Upheld", max_length=255, description="the name that the incident shows")
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("events_url")
    @classmethod
    def _https_and_bare(cls, url: str) -> str:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError("must be a URL such as https://events.pagerduty.com")
        if parts.username or parts.password:
            raise ValueError("must not carry a user or password: the key is all that is needed")
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("must start with https://; http is taken for this machine alone")
        if parts.path.rstrip("/").endswith("/v2/enqueue") or parts.query or parts.fragment:
            raise ValueError("must end before /v2/enqueue, such as https://events.pagerduty.com")
        _ = parts.port  # raises ValueError where it is no number
        return url.rstrip("/")
