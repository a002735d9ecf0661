"""What can be set for an email connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

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


@dataclass(frozen=True, slots=True)
class _Provider:
    """What a provider asks of an application: where tokens are, and for what; ``own`` without a user."""

    token_url: str
    scope: str
    own: str = ""


# Microsoft: learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth".
# Google: developers.google.com/gmail/imap/xoauth2-protocol.
_PROVIDERS: Final = {
    "microsoft": _Provider(
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
        " offline_access",
        "https://outlook.office365.com/.default",
    ),
    "google": _Provider("https://oauth2.googleapis.com/token", "https://mail.google.com/"),
}


class OAuthConfig(ConnectionConfig):
    """Sign-in by access tokens: with a user's ``refresh_token``, or in the application's own name."""

    provider: Literal["microsoft", "google"] | None = Field(
        None, description="fills in `token_url` and `scope`"
    )
    tenant: str = Field("common", description="Microsoft: the directory's id or domain")
    token_url: str | None = Field(None, description="where tokens are given; https")
    scope: str | None = Field(None, description="what is asked for")
    client_id: str = Field(description="the application's id at the provider")
    client_secret: SecretStr | None = Field(None, description="its secret, where it has one")
    refresh_token: SecretStr | None = Field(
        None, description="the user's; a newer one that the provider gives is kept by Upheld"
    )

    @model_validator(mode="after")
    def _complete(self) -> OAuthConfig:
        if self.token_url is None and self.provider is None:
            raise ValueError("needs `provider` (microsoft, google) or `token_url` and `scope`")
        if self.refresh_token is None and self.client_secret is None:
            raise ValueError("needs a `refresh_token`, or a `client_secret` to sign in by itself")
        parts = urlsplit(self.endpoint)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("`token_url` must be https")
        return self

    @property
    def endpoint(self) -> str:
        """Where tokens are asked for."""
        given = _PROVIDERS[self.provider].token_url if self.provider else ""
        return self.token_url or given.format(tenant=self.tenant)

    def form(self, refresh: str | None) -> dict[str, str]:
        """What is asked (RFC 6749 §6, and §4.4 where there is no user)."""
        known = _PROVIDERS[self.provider] if self.provider else _Provider("", "")
        scope = self.scope or (known.own if refresh is None else known.scope)
        secret = self.client_secret.get_secret_value() if self.client_secret else ""
        kind = "client_credentials" if refresh is None else "refresh_token"
        form = {"grant_type": kind, "client_id": self.client_id, "scope": scope}
        form |= {"client_secret": secret, "refresh_token": refresh or ""}
        return {name: value for name, value in form.items() if value}


class EmailConfig(ConnectionConfig):
    """A mailbox that people write to, and the server that takes its mail out."""

    address: str = Field(description="the address of the mailbox, as people know it")
    imap: str = Field(description="imaps://host or imap+starttls://host, with :port if unusual")
    smtp: str = Field(description="smtp+starttls://host or smtps://host, with :port if unusual")
    user: str | None = Field(None, description="the name to sign in with, if not the address")
    password: SecretStr | None = Field(None, description="the password, or an app password")
    oauth: OAuthConfig | None = Field(
        None, description="access tokens instead of a password: Microsoft 365, Gmail"
    )
    sender_name: str = Field("", description="the name beside the address in what is sent")
    aliases: tuple[str, ...] = Field((), description="further addresses of the same mailbox")
    lists: tuple[str, ...] = Field(
        (),
        description="ids of lists (List-Id) through which mail to this mailbox comes: groups of yours",
    )
    forwarded_from: tuple[str, ...] = Field(
        (), description="mailboxes of yours whose rules send their mail on to this one"
    )
    machines: tuple[str, ...] = Field(
        (),
        description="addresses whose automatic mail opens cases as people's does: monitoring, forms",
    )
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
    microsoft_results: bool = Field(
        False, description="Microsoft 365, whose server writes none: what it writes topmost counts"
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

    @model_validator(mode="after")
    def _consistent(self) -> EmailConfig:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("needs one of both: `password` or `oauth`")
        if self.microsoft_results and self.authserv_id is not None:
            raise ValueError("`microsoft_results` is for servers without an `authserv_id`")
        if self.oauth and not self.login.isascii():
            raise ValueError("with `oauth` the `user` must be ASCII")
        return self

    @field_validator("aliases", "forwarded_from", "machines")
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
    def way_in(self) -> str:
        """How it signs in, as one says it."""
        how = "the password" if self.oauth is None else "its access token"
        return f"user {self.login!r} or {how}"

    @property
    def way_out(self) -> str:
        """What to do where that is refused."""
        if self.oauth is None:
            return "set `user` and `password`; many providers want an app password"
        return "allow the application IMAP and SMTP for this mailbox; sign in anew where it may"

    @property
    def secret(self) -> str:
        """The password; "" where tokens are used."""
        return self.password.get_secret_value() if self.password else ""

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
