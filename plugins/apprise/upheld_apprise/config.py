"""What can be set for an Apprise connection."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig


class AppriseConfig(ConnectionConfig):
    """Places that Apprise knows how to reach, by names of your own."""

    urls: dict[str, SecretStr] = Field(
        description="an Apprise URL by each name, such as ops: {env: SLACK_URL}"
    )
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("urls")
    @classmethod
    def _names(cls, urls: dict[str, SecretStr]) -> dict[str, SecretStr]:
        wrong = [name for name in urls if not name or "://" in name]
        if wrong:
            raise ValueError("a name is a word, and the URL stands beside it")
        return urls
