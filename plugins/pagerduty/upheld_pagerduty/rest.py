"""Talks to PagerDuty's REST API v2 and says in our words what went wrong.

Errors carry a code: 1001 and 1002 say that an incident is resolved or acknowledged already, which is what
was wanted. What the far end says is shown without the token. Source: "Errors" and "Rate Limits",
PagerDuty developer documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, SecretStr, ValidationError

from upheld.plugin import Auth, Gone, Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld.transport import LONGEST, asked_to_wait, unanswered
from upheld_pagerduty.client import CONNECT, PATIENCE, SAME_KEY

Query: TypeAlias = Mapping[str, str | Sequence[str]]

#: Already resolved, already acknowledged.
DONE_ALREADY: Final = frozenset({1001, 1002})
_ACCEPT: Final = "application/vnd.pagerduty+json;version=2"
_SHOWN: Final = 300
_AGAIN: Final = "nothing to do: it is tried again"


_ELSEWHERE: Final = "see whether `api_url` is PagerDuty's REST API"
_RIGHTS: Final = "look at `token` and its rights, and at `sender`"
_MEANS: Final[Mapping[int, tuple[type[PluginError], str]]] = {
    401: (Auth, _RIGHTS),
    403: (Auth, _RIGHTS),
    404: (Gone, "look at `service`, and at the ids of people and schedules"),
}


class _Error(BaseModel):
    """The part of an error that is read."""

    code: int | None = None
    message: str = ""
    errors: list[str] = []


class _Answer(BaseModel):
    error: _Error = _Error()


class Rejected(Permanent):
    """A 400: the request does not fit what stands there; ``code`` is PagerDuty's."""

    def __init__(self, what: str, do_next: str, code: int | None) -> None:
        super().__init__(what, do_next)
        self.code = code


class RestClient:
    """One token on one endpoint; ``sender`` is the user in whose name is written."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        token: SecretStr,
        sender: str | None,
        timeout: float,
    ) -> None:
        self._session, self._url, self._token, self._sender = session, url, token, sender
        self._timeout = (min(timeout, CONNECT), timeout)
        self._host = urlsplit(url).hostname or url

    def read(self, path: str, **query: str | Sequence[str]) -> dict[str, Any]:
        """GET; a name that ends in ``_`` is a list there (``service_ids_`` is ``service_ids[]``).

        A reading that got no answer did no harm: ``Retry``, never ``Unknown``.
        """
        named = {
            f"{name[:-1]}[]" if name.endswith("_") else name: each for name, each in query.items()
        }
        try:
            return self._asked("GET", path, query=named)
        except Unknown as error:
            raise Retry(error.what, _AGAIN, after=PATIENCE) from None

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST or PUT; what stands there then."""
        return self._asked(method, path, body=body)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _asked(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None
    ) -> dict[str, Any]:
        try:
            response = self._session.request(
                method,
                f"{self._url}{path}",
                params=query,
                data=None if body is None else json.dumps(body),
                headers=self._headers(writes=body is not None),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # `from None`: the exception holds the request, and its headers the token.
            raise unanswered(error, self._host, SAME_KEY) from None
        if response.status_code not in {200, 201}:
            raise self._refused(response)
        return self._parsed(response)

    def _headers(self, *, writes: bool) -> dict[str, str]:
        headers = {
            "Authorization": f"Token token={self._token.get_secret_value()}",
            "Accept": _ACCEPT,
            "Content-Type": "application/json",
        }
        return headers | ({"From": self._sender} if writes and self._sender else {})

    def _parsed(self, response: requests.Response) -> dict[str, Any]:
        try:
            found = response.json()
        except requests.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise Unknown(f"{self._host} took it, and its answer can't be read", SAME_KEY)
        return found

    def _refused(self, response: requests.Response) -> PluginError:
        status, (code, said) = response.status_code, self._said(response)
        what = f"{self._host} answered {status}: {said}"
        if status == 429:
            then = "more than 960 requests a minute for this token"
            return Retry(what, then, after=_wait(response))
        if status >= 500 or status == 408:
            return Retry(what, _AGAIN, after=PATIENCE)
        if status in {400, 413}:
            return Rejected(what, "look at `service` and `sender`, then replay it", code)
        kind, then = _MEANS.get(status, (Unknown if status < 300 else Misconfigured, _ELSEWHERE))
        return kind(what, then)

    def _said(self, response: requests.Response) -> tuple[int | None, str]:
        try:
            error = _Answer.model_validate_json(response.content).error
        except ValidationError:
            return None, "nothing that we could read"
        text = "; ".join((error.message, *error.errors)).strip("; ") or "nothing"
        token = self._token.get_secret_value()
        shown = text.replace(token, "[token]") if token else text
        return error.code, " ".join(shown.split())[:_SHOWN]


def _wait(response: requests.Response) -> timedelta:
    """The seconds of ``ratelimit-reset``; ``Retry-After`` where a gateway answers instead."""
    given = response.headers.get("ratelimit-reset", "").strip()
    known = timedelta(seconds=int(given[:6])) if given.isdecimal() else PATIENCE
    return asked_to_wait(response, min(known, LONGEST))
