"""What can be set for a Twilio connection."""

from __future__ import annotations

from typing import Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from upheld.plugin import ConnectionConfig
from upheld.sms import E164
from upheld.transport import setting_url

_SUCH_AS: Final = "https://api.twilio.com"


class TwilioConfig(ConnectionConfig):
    """An account, and one number of it that sends, calls and is answered."""

    account: str = Field(
        pattern="^AC[0-9a-fA-F]{32}$", description="the Account SID: AC and 32 hexadecimal digits"
    )
    token: SecretStr = Field(description="the primary auth token; Twilio signs with it")
    next_token: SecretStr | None = Field(
        None, description="the secondary auth token, while one takes the other's place"
    )
    api_key: str | None = Field(
        None, pattern="^SK[0-9a-fA-F]{32}$", description="an API key to sign in with, if any"
    )
    api_secret: SecretStr | None = Field(None, description="the secret of that API key")
    number: str = Field(
        pattern=f"^{E164}$", description="our number in international form, such as +12025550100"
    )
    validity: int = Field(
        3600, ge=60, le=36_000, description="seconds after which a message is not sent any more"
    )
    segments: int = Field(4, ge=1, le=10, description="parts that one SMS may have; each is paid")
    language: str = Field("en-US", description="the language of spoken words")
    ring: int = Field(30, ge=5, le=600, description="seconds that a phone rings")
    machines: bool = Field(
        False, description="whether Twilio listens for an answering machine, for a few seconds"
    )
    url: str = Field("https://api.twilio.com", description="where the API is")
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("url")
    @classmethod
    def _https_and_bare(cls, url: str) -> str:
        parts = setting_url(url, _SUCH_AS, "`account` and `token` do")
        if parts.path.strip("/"):
            raise ValueError(f"must end after the host, such as {_SUCH_AS}")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _a_whole_key(self) -> Self:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("`api_key` and `api_secret` belong together: give both or none")
        return self

    @property
    def login(self) -> tuple[str, SecretStr]:
        """What requests are signed in with."""
        if self.api_key is not None and self.api_secret is not None:
            return self.api_key, self.api_secret
        return self.account, self.token

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """Every token that a callback may be signed with: the primary first."""
        return (self.token,) if self.next_token is None else (self.token, self.next_token)
