"""What can be set for an email connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from upheld.plugin import ConnectionConfig

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
#: One address, nothing around it. Quoted local parts are legal, and nobody has one.
ADDRESS: Final = re.compile(r'[^\s<>()\[\],;:@"\\]+@[^\s<>()\[\],;:@"\\]+')
_PORTS: Final = {
    "imaps": 993,
    "imap+starttls": 143,
    "imap": 143,
    "smtps": 465,
    "smtp+starttls": 587,
    "smtp": 25,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens, and how the line is protected: ``tls``, ``starttls`` or ``plain``."""

    host: str
    port: int
    security: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def endpoint(url: str) -> Endpoint:
    """The parts of ``imaps://``, ``imap+starttls://``, ``imap://`` and the same of SMTP."""
    parts = urlsplit(url)
    security = {"s": "tls", "+starttls": "starttls"}.get(parts.scheme[4:], "plain")
    return Endpoint(parts.hostname or "", parts.port or _PORTS[parts.scheme], security)


class EmailConfig(ConnectionConfig):
    """A mailbox that people write to, and the server that takes its mail out."""

    address: str = Field(description="the address of the mailbox, as people know it")
    imap: str = Field(description="imaps://host or imap+starttls://host, with :port if unusual")
    smtp: str = Field(description="smtp+starttls://host or smtps://host, with :port if unusual")
    user: str | None = Field(None, description="the name to sign in with, if not the address")
    password: SecretStr = Field(description="the password, or an app password")
    sender_name: str = Field("", description="the name beside the address in what is sent")
    aliases: tuple[str, ...] = Field((), description="further addresses of the same mailbox")
    folder: str = Field("INBOX", description="the folder to read")
    processed: str | None = Field(
        None,
        description="where mail goes once it is on record; by default it stays and is untouched",
    )
    sent: str | None = Field(
        None,
        description="the folder of what was sent: a copy goes there, and a lost reply is looked up",
    )
    files_sent: bool = Field(
        True, description="whether we put the copy there; false where the server does so itself"
    )
    plus_addresses: bool = Field(
        True, description="whether mail to support+anything@… comes to this mailbox; `check` tries"
    )
    null_sender: bool = Field(
        True,
        description="whether the server takes acknowledgements that nobody can bounce; `check` tries",
    )
    authserv_id: str | None = Field(
        None, description="the name your server writes first in Authentication-Results"
    )
    max_bytes: int = Field(26_214_400, ge=10_000, description="bigger mail goes to quarantine")
    max_parts: int = Field(200, ge=1, description="mail with more parts goes to quarantine")
    max_depth: int = Field(20, ge=1, description="mail nested deeper goes to quarantine")
    page: int = Field(50, ge=1, le=500, description="how many mails are read at a time")
    ca_file: str | None = Field(None, description="certificates of a private authority (PEM)")
    timeout: float = Field(10, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("address")
    @classmethod
    def _one_address(cls, address: str) -> str:
        if not ADDRESS.fullmatch(address) or not address.isascii():
            raise ValueError("must be one mail address such as support@example.com")
        return address

    @field_validator("aliases")
    @classmethod
    def _addresses(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cls._one_address(alias) for alias in aliases)

    @field_validator("imap")
    @classmethod
    def _imap_url(cls, url: str) -> str:
        return _checked(url, "imap")

    @field_validator("smtp")
    @classmethod
    def _smtp_url(cls, url: str) -> str:
        return _checked(url, "smtp")

    @property
    def login(self) -> str:
        """The name to sign in with."""
        return self.user or self.address

    @property
    def ours(self) -> frozenset[str]:
        """Every address of this mailbox, in lower case."""
        return frozenset(each.lower() for each in (self.address, *self.aliases))


def _checked(url: str, kind: str) -> str:
    parts = urlsplit(url)
    known = (f"{kind}s", f"{kind}+starttls", kind)
    if parts.scheme not in known or not parts.hostname:
        raise ValueError(f"must be a URL such as {kind}s://{kind}.example.com")
    if parts.username or parts.password:
        raise ValueError("must not carry a user or password: `user` and `password` do")
    if parts.scheme == kind and parts.hostname not in _LOOPBACK:
        raise ValueError(f"must be {kind}s:// or {kind}+starttls://; {kind}:// is for this machine")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end after host and port")
    _ = parts.port  # raises ValueError where it is no number
    return url.rstrip("/")
