"""What can be set for a Roundup tracker."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url


class RoundupConfig(ConnectionConfig):
    """One tracker of a Roundup server, and the user that Upheld is there."""

    url: str = Field(
        description="the tracker's address, exactly as `web` of its config.ini has it, such as "
        "https://bugs.example.org/support/"
    )
    user: str = Field(min_length=1, description="the login name of the user that Upheld is there")
    password: SecretStr = Field(description="that user's password")
    item_class: str = Field(
        "issue", pattern=r"^[a-z_]+$", description="the class whose items are cases"
    )
    dates: tuple[str, ...] = Field(
        (), description="properties of your own schema that hold a date, such as `due`"
    )
    mail_nosy: bool = Field(
        False, description="whether Roundup mails the nosy list what Upheld writes, too"
    )
    timeout: float = Field(20, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("url")
    @classmethod
    def _https_and_bare(cls, url: str) -> str:
        such_as = "https://bugs.example.org/support/"
        parts = setting_url(url, such_as, "set `user` and `password`")
        if "/rest" in parts.path:
            raise ValueError("must end with the tracker's name, before /rest")
        return url.rstrip("/") + "/"
