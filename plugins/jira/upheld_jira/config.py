"""What can be set for a Jira connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from upheld.plugin import ConnectionConfig
from upheld.transport import setting_url

_SUCH_AS: Final = "https://acme.atlassian.net"


def _https_and_bare(url: str) -> str:
    parts = setting_url(url, _SUCH_AS, "set `token`")
    if "/rest/" in f"{parts.path}/":
        raise ValueError(f"must end before /rest, such as {_SUCH_AS}")
    return url.rstrip("/")


class OAuthConfig(ConnectionConfig):
    """An OAuth 2.0 (3LO) app of the Atlassian developer console. The refresh token is where it begins:
    each is good once, and the ones that follow are kept by Upheld."""

    client_id: str = Field(min_length=1, description="the app's client id")
    client_secret: SecretStr = Field(description="the app's secret")
    refresh_token: SecretStr = Field(description="the first refresh token, of `offline_access`")
    token_url: str = Field(
        "https://auth.atlassian.com/oauth/token", description="where tokens are exchanged"
    )

    @field_validator("token_url")
    @classmethod
    def _https(cls, url: str) -> str:
        return _https_and_bare(url)


class JiraConfig(ConnectionConfig):
    """One project of a Jira site, and the account that Upheld has there."""

    url: str = Field(
        description="the site, such as https://acme.atlassian.net; with `oauth` "
        "https://api.atlassian.com/ex/jira/CLOUD-ID; on Data Center with its context path"
    )
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="the project's key, such as SUP")
    issue_type: str = Field(
        "Incident", min_length=1, description="what is created for a case that came in elsewhere"
    )
    jql: str = Field("", description="which issues of the project are cases; empty: all of them")
    email: str | None = Field(None, description="the account's address, for an API token (Cloud)")
    token: SecretStr | None = Field(
        None, description="with `email` an API token (Cloud), else a personal access token"
    )
    oauth: OAuthConfig | None = Field(None, description="an OAuth 2.0 app, in place of `token`")
    deployment: Literal["auto", "cloud", "server"] = Field(
        "auto", description="which Jira it is; auto: as the site says"
    )
    fields: tuple[str, ...] = Field(
        (), description="fields to read, by name or id; empty: all that the project has"
    )
    groups: tuple[str, ...] = Field(
        (), description="groups whose members are to be told apart, for `staff: {group: …}`"
    )
    on_move: Mapping[str, str] = Field(
        default_factory=dict,
        description="what a transition that asks for a field gets, such as `resolution: Done`",
    )
    hops: int = Field(4, ge=1, le=10, description="how many transitions lead to a status at most")
    internal_role: str | None = Field(
        None,
        description="in a project without a portal: comments of this role alone are internal, all "
        "others public; left out: customers see none, and all are internal",
    )
    mails_customers: bool = Field(
        False, description="whether Jira itself mails customers what is commented publicly"
    )
    webhook_secret: SecretStr | None = Field(
        None, description="signs webhooks; left out: the one that `webhooks register` made"
    )
    timeout: float = Field(20, gt=0, le=60, description="seconds to wait for an answer")

    @field_validator("url")
    @classmethod
    def _site(cls, url: str) -> str:
        return _https_and_bare(url)

    @model_validator(mode="after")
    def _one_way_in(self) -> JiraConfig:
        if (self.token is None) == (self.oauth is None):
            raise ValueError("set `token` or `oauth`, one of them")
        if self.oauth is not None and self.email is not None:
            raise ValueError("`email` goes with `token`: leave it out")
        return self
