"""What can be set for a connection of heartbeats."""

from __future__ import annotations

from pydantic import Field

from upheld.plugin import ConnectionConfig
from upheld.webhooks import Secrets


class HeartbeatConfig(ConnectionConfig):
    """The secret that the URLs are made with."""

    secrets: Secrets = Field(
        description="16 characters or more that URLs are made with: the first makes new ones, "
        "those of the others still work",
    )
