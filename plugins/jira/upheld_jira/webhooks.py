"""Webhooks: a hint that an issue changed, from somebody who proves to be Jira.

Cloud, and newer Data Centers, sign the body where the webhook has a secret (WebSub: ``X-Hub-Signature:
sha256=…``). One that does not sign bears the secret in its address. A hook may come late, twice and out
of order: so nothing of it is believed but which issue it is about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from upheld.plugin import Context, Misconfigured, Received, Ref, Refused, Request, Response, Touched
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.search import scope

_VAULT: Final = "webhook_secret"
_SIGNATURE: Final = "x-hub-signature"
_IN_ADDRESS: Final = "token"
_METHOD: Final = "sha256="
_PATH: Final = "rest/webhooks/1.0/webhook"
EVENTS: Final = (
    *("jira:issue_created", "jira:issue_updated", "jira:issue_deleted"),
    *("comment_created", "comment_updated", "comment_deleted"),
    *("attachment_created", "issuelink_created", "issuelink_deleted"),
)
_REFUSED: Final = Response(401, body=b"the signature is missing or wrong\n")
_NO_SECRET: Final = Response(404, body=b"no webhook was registered\n")


class Webhooks:
    """Registers a webhook at Jira, and reads what it sends."""

    def __init__(self, client: JiraClient, config: JiraConfig, context: Context) -> None:
        self._client, self._config, self._context = client, config, context

    def read(self, request: Request, address: str) -> Received:
        """The issue that it is about. No network and no state."""
        secret = self._secret()
        if not secret:
            return Received(_NO_SECRET)
        if not _proven(request, secret):
            return Received(_REFUSED, _quarantined(request))
        return Received(Response(), tuple(_touched(request.body, address)))

    def register(self, url: str) -> str:
        """Register or renew the webhook that calls ``url``; what was done, in words."""
        secret = self._secret() or secrets.token_urlsafe(32)
        address = f"{url}?{urlencode({_IN_ADDRESS: secret})}"
        body = {
            "name": f"Upheld {self._context.site}/{self._context.name}",
            "url": address,
            "events": list(EVENTS),
            "filters": {"issue-related-events-section": scope(self._config)},
            "excludeBody": False,
            "secret": secret,
        }
        known = self._known(url)
        if self._config.webhook_secret is None:
            self._context.vault[_VAULT] = secret
        if known is None:
            self._client.elsewhere("POST", _PATH, body)
            return f"Jira calls {url} from now on"
        self._client.elsewhere("PUT", f"{_PATH}/{known}", body)
        return f"Jira calls {url} as before; its events and its secret were renewed"

    def registered(self, url: str) -> bool:
        """Whether there is one that calls ``url``."""
        return self._known(url) is not None

    def _known(self, url: str) -> str | None:
        rows = self._client.elsewhere("GET", _PATH)
        if not isinstance(rows, list):
            raise Misconfigured("Jira lists no webhooks", "the account must be an administrator")
        ours = (each for each in rows if str(each.get("url", "")).partition("?")[0] == url)
        found: Mapping[str, Any] | None = next(ours, None)
        return str(found["self"]).rpartition("/")[2] if found else None

    def _secret(self) -> str:
        own = self._config.webhook_secret
        return own.get_secret_value() if own else self._context.vault.get(_VAULT, "")


def _proven(request: Request, secret: str) -> bool:
    """A signature counts where there is one, and the address alone where there is none."""
    signatures = _named(request.headers, _SIGNATURE)
    if signatures:
        digest = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        return all(_same(each, f"{_METHOD}{digest}") for each in signatures)
    tokens = _named(request.query, _IN_ADDRESS)
    return len(tokens) == 1 and _same(tokens[0], secret)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _named(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in pairs if key.lower() == name]


def _quarantined(request: Request) -> tuple[Refused, ...]:
    id_ = hashlib.sha256(request.body).hexdigest()[:16]
    return (Refused(f"webhook:{id_}", "its signature is missing or wrong"),)


def _touched(body: bytes, address: str) -> Iterable[Touched]:
    """The issue that a payload is about; a link between two names both by their ids."""
    try:
        payload = json.loads(body)
    except ValueError:
        return
    if not isinstance(payload, dict):
        return
    issue = payload.get("issue")
    if isinstance(issue, dict) and issue.get("id"):
        id_, key = str(issue["id"]), str(issue.get("key") or issue["id"])
        yield Touched(Ref(key.rpartition("-")[0], id_, key, f"{address}/browse/{key}"))
    link = payload.get("issueLink")
    if isinstance(link, dict):
        ends = (link.get("sourceIssueId"), link.get("destinationIssueId"))
        yield from (Touched(Ref("", str(each), str(each))) for each in ends if each)
