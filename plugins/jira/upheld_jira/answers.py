"""What Jira's answers mean in our words: which error, when again, and what Jira said itself.

Nothing of a request goes into an error: its headers and body hold secrets.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from urllib3.exceptions import NewConnectionError

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

_LONGEST: Final = timedelta(hours=1)
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
        return Retry(what, "Jira's limit of calls is reached", after=after(response))
    if status >= 500 or status == 408:
        return _perhaps(what, response, writing=writing)
    if status == 400:
        return NotTaken(what, _NOT_TAKEN, frozenset(_errors(response)))
    kind, then = _KINDS.get(status, _ELSE)
    return kind(what, then)


def _perhaps(what: str, response: requests.Response, *, writing: bool) -> PluginError:
    if writing:
        return Unknown(what, "it is looked up before it is done again")
    told = response.headers.get("Retry-After")
    return Retry(what, "nothing to do: it is tried again", after=after(response) if told else None)


_KINDS: Final[Mapping[int, tuple[type[PluginError], str]]] = {
    **dict.fromkeys((401, 407), (Auth, _SIGN_IN)),
    **dict.fromkeys((413, 422), (Permanent, _NOT_TAKEN)),
    403: (Permanent, "give the account this permission in the project; see `check`"),
    404: (Gone, "it is not there, or the account may not see it"),
    409: (Stale, "read it again"),
}
_ELSE: Final = (Misconfigured, "set `url` to the site itself, and look at what stands before it")


def unanswered(error: requests.RequestException, *, writing: bool) -> PluginError:
    """The error where no answer came: what was never sent can be sent again."""
    kind = type(error).__name__
    if _untrusted(error):
        what = "Jira's certificate could not be verified"
        return Misconfigured(what, "see what stands between this machine and Jira")
    if writing and not _never_sent(error):
        what = f"Jira took it, but did not answer ({kind})"
        return Unknown(what, "it is looked up before it is done again")
    return Retry(f"Jira can't be reached ({kind})", "look at the network")


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


def after(response: requests.Response) -> timedelta:
    """How long we are asked to wait: seconds or an HTTP date (RFC 9110 §10.2.3), else 30 s."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(timedelta(seconds=int(given[:6])), _LONGEST)
    then, sent = _http_date(given), _http_date(response.headers.get("Date", ""))
    if then is None or sent is None:
        return PATIENCE
    # By Jira's own clock: ours may be off.
    return min(max(then - sent, timedelta(0)), _LONGEST)


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _untrusted(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        inside = [getattr(error, "reason", None), *error.args]
        error = next((each for each in inside if isinstance(each, BaseException)), None)
    return error is not None


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if not isinstance(error, requests.ConnectionError):
        # An invalid URL or header: raised before anything is sent.
        return isinstance(error, ValueError)
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)
