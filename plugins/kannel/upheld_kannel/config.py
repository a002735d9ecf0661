"""What can be set for a Kannel connection."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url

_SENDER: Final = r"^(\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11})$"


class KannelConfig(ConnectionConfig):
    """A ``sendsms-user`` of a gateway that speaks Kannel's HTTP interface."""

    url: str = Field(description="the gateway's sendsms, http://127.0.0.1:13013/cgi-bin/sendsms")
    user: str = Field(min_length=1, description="the name of the sendsms-user")
    password: SecretStr = Field(description="its password")
    sender: str = Field(pattern=_SENDER, description="what messages are from: a number or a name")
    secret: SecretStr = Field(
        min_length=16, description="16 characters or more that the gateway calls us back with"
    )
    door: str | None = Field(
        None, description="where the gateway reaches our door, if not at the URL under `web`"
    )
    validity: int = Field(
        3600, ge=60, le=36_000, description="seconds after which a message is not sent any more"
    )
    segments: int = Field(4, ge=1, le=10, description="parts that one SMS may have")
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("url")
    @classmethod
    def _sendsms(cls, url: str) -> str:
        return _checked(url, "http://127.0.0.1:13013/cgi-bin/sendsms")

    @field_validator("door")
    @classmethod
    def _a_door(cls, url: str | None) -> str | None:
        # The gateway puts percent signs into its own words: there may be none in what it is told.
        if url is not None and "%" in url:
            raise ValueError("must have no % in it")
        return url if url is None else _checked(url, "http://127.0.0.1:8080")


def _checked(url: str, example: str) -> str:
    setting_url(url, example, "`user` and `password` do")
    return url.rstrip("/")
