"""What can be set for a monitor of each protocol. Times are seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from upheld.json_path import steps
from upheld.plugin import ConnectionConfig
from upheld_probes.domain import Host

#: A word of HTTP (RFC 9110 §5.6.2).
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_STATUS: Final = r"^[1-5]([0-9]{2}|xx)$"
_MOST: Final = 16 * 1024 * 1024


class Method(StrEnum):
    """How a page is asked for."""

    GET = "GET"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"
    POST = "POST"
    PUT = "PUT"


class Redirects(StrEnum):
    """Which redirects are followed; the status of one that is never followed is judged itself."""

    SAME_HOST = "same-host"
    ANY = "any"
    NEVER = "never"


def _a_path(path: str) -> str:
    steps(path)
    return path


JsonPath: TypeAlias = Annotated[str, AfterValidator(_a_path)]
Scalar: TypeAlias = str | int | float | bool | None
Status: TypeAlias = Annotated[str, Field(pattern=_STATUS, coerce_numbers_to_str=True)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]


class TargetConfig(ConnectionConfig):
    """What every monitor can be told."""

    slow_after: float | None = Field(
        None, gt=0, description="seconds after which an answer is late: degraded, not down"
    )
    private: bool = Field(
        True, description="whether it may be at a private address; link-local ones never are asked"
    )


class HostConfig(TargetConfig):
    """A port of a server."""

    host: Host = Field(description="the server's name or address")


class SecuredConfig(TargetConfig):
    """What is secured by TLS, or can be."""

    certificate_days: float = Field(
        14, ge=0, description="days before its certificate ends from which it is degraded"
    )
    ca: str | None = Field(
        None, description="a file of authorities (PEM) that are trusted in place of the system's"
    )

    @field_validator("ca")
    @classmethod
    def _from_the_top(cls, ca: str | None) -> str | None:
        # A probe does not know the folder of upheld.yaml, and the daemon's own is nobody's choice.
        if ca is not None and not Path(ca).is_absolute():
            raise ValueError("must be a path from the top, /etc/ssl/acme.pem")
        return ca


class HttpConfig(SecuredConfig):
    """A page, and what is expected of it."""

    url: str = Field(description="what to ask for, https://acme.example/health")
    method: Method = Field(Method.GET, description="GET, HEAD, OPTIONS, POST or PUT")
    headers: Mapping[str, SecretStr] = Field(
        {}, description="headers to send; they go to the URL's own host alone"
    )
    bearer: SecretStr | None = Field(None, description="a token for the header Authorization")
    body: SecretStr | None = Field(None, description="what to send")
    status: tuple[Status, ...] = Field(
        ("2xx",), min_length=1, description="the statuses that are well: [200, 204], or 2xx"
    )
    text: str | None = Field(None, min_length=1, description="a text that must be in the answer")
    no_text: str | None = Field(
        None, min_length=1, description="a text that must not be in the answer"
    )
    values: Mapping[JsonPath, Scalar] = Field(
        {}, description="what the answer's JSON must hold, by path: {$.status: ok}"
    )
    version_path: JsonPath | None = Field(
        None, description="where in the answer's JSON its version stands, $.build.version"
    )
    version_header: str | None = Field(None, description="the header that tells its version")
    redirects: Redirects = Field(
        Redirects.SAME_HOST, description="which redirects are followed: same-host, any or never"
    )
    body_limit: int = Field(
        1024 * 1024, ge=1, le=_MOST, description="bytes of an answer that are read at most"
    )

    @field_validator("status", mode="before")
    @classmethod
    def _one_or_more(cls, given: object) -> object:
        return (given,) if isinstance(given, str | int) else given

    @field_validator("url")
    @classmethod
    def _a_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in {"http", "https"} or set(url) & set(" \t\r\n"):
            raise ValueError("must be a URL such as https://acme.example/health")
        if parts.username or parts.password:
            raise ValueError("must not carry a user or password: `headers` and `bearer` do")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("must have a number for a port") from None
        return url

    @field_validator("headers")
    @classmethod
    def _as_http_has_them(cls, headers: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        for name, secret in headers.items():
            value = secret.get_secret_value()
            if not re.fullmatch(_WORD, name):
                raise ValueError("the name of a header must be one word")
            if not value.isprintable() or value != value.strip():
                raise ValueError(f"the header {name} must be one line without spaces around it")
        return headers

    @model_validator(mode="after")
    def _has_a_body(self) -> HttpConfig:
        asked = self.text or self.no_text or self.values or self.version_path
        if self.method is Method.HEAD and asked:
            raise ValueError("what is in an answer can't be read with `method: HEAD`")
        return self

    @field_validator("bearer")
    @classmethod
    def _a_token(cls, bearer: SecretStr | None) -> SecretStr | None:
        if bearer is not None and not re.fullmatch(r"[\x21-\x7e]+", bearer.get_secret_value()):
            raise ValueError("must be one word of ASCII")
        return bearer


class TlsConfig(HostConfig, SecuredConfig):
    """A certificate, and when it ends."""

    port: Port = Field(443, description="its port")
    name: Host | None = Field(
        None, description="the name to ask for and to verify, if not the host's"
    )


class Record(StrEnum):
    """What a name can be asked for."""

    A = "A"
    AAAA = "AAAA"
    CAA = "CAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    PTR = "PTR"
    SOA = "SOA"
    SRV = "SRV"
    TXT = "TXT"


class DnsConfig(TargetConfig):
    """A name, and what a server of names says of it."""

    name: Host = Field(max_length=255, description="the name to look up")
    type: Record = Field(Record.A, description="A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV or TXT")
    server: Host | None = Field(
        None, description="the server to ask, if not this machine's own resolver"
    )
    port: Port = Field(53, description="the server's port")
    answers: tuple[str, ...] = Field(
        (), description="what must be among the answers: [192.0.2.1], ['10 mx.acme.example']"
    )


class PingConfig(HostConfig):
    """A machine that echoes."""


class Tls(StrEnum):
    """How a mail server is secured."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class MailConfig(HostConfig, SecuredConfig):
    """A mail server that greets."""

    expect: str | None = Field(
        None, min_length=1, description="a text that must be in the greeting"
    )


class SmtpConfig(MailConfig):
    """A server that takes mail."""

    port: Port = Field(25, description="its port")
    tls: Tls = Field(Tls.NONE, description="none, starttls, or implicit (from the first byte)")


class ImapConfig(MailConfig):
    """A server that holds mailboxes."""

    port: Port = Field(993, description="its port")
    tls: Tls = Field(Tls.IMPLICIT, description="none, starttls, or implicit (from the first byte)")


class TcpConfig(HostConfig):
    """A port that takes connections."""

    port: Port = Field(description="its port")
    send: str | None = Field(None, description="what to say first; \\r\\n ends a line")
    expect: str | None = Field(
        None, min_length=1, description="a text that must come within the first 16384 bytes"
    )
