"""What Jira's answers mean in our words: which error, when again, and what Jira said itself.

Nothing of a request goes into an error: its headers and body hold secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import requests

from upheld.plugin import (
    Auth,
    Gone,
    Misconfigured,
    Permanent,
    PluginError,
    Retry,
    Stale,
    Unknown,
)
from upheld.transport import asked_to_wait
from upheld.transport import unanswered as told_of

#: Where Jira limits and does not say for how long.
PATIENCE: Final = timedelta(seconds=30)
_SHOWN: Final = 300
#: Seraph's words for credentials that were looked at and not believed (JRACLOUD-41559).
_NOT_BELIEVED: Final = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")
_NOT_TAKEN: Final = "look at the connection's map and at the project's screens"
_SIGN_IN: Final = "look at the account and its token: API tokens expire within a year"


class NotTaken(Permanent):
    """Jira takes some of it not; ``fields`` are the ids of the fields that it names."""

    def __init__(self, what: str, do_next: str = "", fields: frozenset[str] = frozenset()) -> None:
        super().__init__(what, do_next)
        self.fields = fields


def unbelieved(response: requests.Response) -> Auth | None:
    """Credentials that Jira does not take. On what guests may ask, Cloud answers 200, and nothing in it:
    only a header tells."""
    reason = response.headers.get("x-seraph-loginreason", "")
    denied = "x-authentication-denied-reason" in response.headers
    if denied or any(word in reason for word in _NOT_BELIEVED):
        return Auth("Jira does not believe who we are", _SIGN_IN)
    return None


def refusal(response: requests.Response, *, writing: bool) -> PluginError:
    """The error for an answer that is none of success."""
    status, said = response.status_code, said_in(response)
    what = f"Jira answered {status}: {said}"
    if status == 429:
        return Retry(
            what, "Jira's limit of calls is reached", after=asked_to_wait(response, PATIENCE)
        )
    if status >= 500 or status == 408:
        return _perhaps(what, response, writing=writing)
    if status == 400:
        return NotTaken(what, _NOT_TAKEN, frozenset(_errors(response)))
    kind, then = _KINDS.get(status, _ELSE)
    return kind(what, then)


def _perhaps(what: str, response: requests.Response, *, writing: bool) -> PluginError:
    if writing:
        return Unknown(what, "it is looked up before it is done again")
    told = "Retry-After" in response.headers
    wait = asked_to_wait(response, PATIENCE) if told else None
    return Retry(what, "nothing to do: it is tried again", after=wait)


_KINDS: Final[Mapping[int, tuple[type[PluginError], str]]] = {
    **dict.fromkeys((401, 407), (Auth, _SIGN_IN)),
    **dict.fromkeys((413, 422), (Permanent, _NOT_TAKEN)),
    403: (Permanent, "give the account this permission in the project; see `check`"),
    404: (Gone, "it is not there, or the account may not see it"),
    409: (Stale, "read it again"),
}
_ELSE: Final = (Misconfigured, "set `url` to the site itself, and look at what stands before it")


def unanswered(error: requests.RequestException, *, writing: bool) -> PluginError:
    """The error where no answer came: a reading can always be done again."""
    return told_of(error, "Jira", "it is looked up before it is done again", writing=writing)


def unreadable(what: str, *, writing: bool) -> PluginError:
    """The error for a success that can't be read: cut off, or a proxy's page."""
    if writing:
        return Unknown(what, "it is looked up before it is done again")
    return Retry(what, "see whether this is Jira that answers")


def said_in(response: requests.Response) -> str:
    """What Jira says is wrong, with the names of the fields, cut short."""
    try:
        body = response.json()
    except ValueError:
        return "nothing that we could read"
    lines = list(_lines(body)) if isinstance(body, dict) else []
    text = " ".join("; ".join(lines).split()) or "nothing"
    return text[:_SHOWN]


def _errors(response: requests.Response) -> list[str]:
    try:
        found = response.json().get("errors")
    except (ValueError, AttributeError):
        return []
    return list(found) if isinstance(found, dict) else []


def _lines(body: dict[str, Any]) -> list[str]:
    """An ErrorCollection, or a bare message."""
    messages, errors = body.get("errorMessages") or [], body.get("errors") or {}
    found = [str(each) for each in messages] if isinstance(messages, list) else [str(messages)]
    if isinstance(errors, dict):
        found += [f"{name}: {text}" for name, text in errors.items()]
    return found or [str(body[name]) for name in ("message", "errorMessage") if name in body]
