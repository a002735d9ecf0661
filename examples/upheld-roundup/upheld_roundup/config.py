"""What can be set for a Roundup tracker."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError("must be a URL such as https://bugs.example.org/support/")
        if parts.username or parts.password:
            raise ValueError("must not carry a user or password: set `user` and `password`")
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("must start with https://; http is taken for this machine alone")
        if "/rest" in parts.path or parts.query or parts.fragment:
            raise ValueError("must end with the tracker's name, before /rest")
        _ = parts.port  # raises ValueError where it is no number
        return url.rstrip("/") + "/"
