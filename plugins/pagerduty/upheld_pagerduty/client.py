"""Talks to PagerDuty's events endpoint and says in our words what went wrong.

A refused connection was never a page; a reply that did not come may have been one, and the same
dedup_key makes the repeat safe. What the far end says is shown without the key.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, SecretStr, ValidationError
from urllib3.exceptions import NewConnectionError

from upheld.plugin import Auth, Misconfigured, Permanent, PluginError, Retry, Unknown

# PagerDuty suggests three tries, 30 s apart.
PATIENCE: Final = timedelta(seconds=30)
_LONGEST: Final = timedelta(hours=1)
_CONNECT: Final = 3.0
_SHOWN: Final = 300


class _Answer(BaseModel):
    """The part of a reply that is read; anything else in it is left alone."""

    message: str = ""
    errors: list[str] = []


class EventsClient:
    """One integration key on one endpoint."""

    def __init__(self, session: requests.Session, url: str, key: SecretStr, timeout: float) -> None:
        self._session, self._url, self._key = session, url, key
        # Each of several addresses is given the first time; a network that swallows all packets
        # must not make a page look hung.
        self._timeout = (min(timeout, _CONNECT), timeout)
        self._host = urlsplit(url).hostname or url

    def enqueue(self, event: dict[str, Any]) -> str:
        """Send an event; returns what PagerDuty says of it. 202 means accepted, not delivered."""
        body = {"routing_key": self._key.get_secret_value(), **event}
        try:
            # A redirect would carry the key in the body to another host.
            response = self._session.post(
                f"{self._url}/v2/enqueue", json=body, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            # `from None`: the exception holds the request, and its body the key.
            raise self._unanswered(error) from None
        if response.status_code != 202:
            self._refused(response)
        return self._said(response)

    def reach(self) -> int:
        """Whether anybody answers there: the status of a GET that changes nothing."""
        try:
            response = self._session.get(self._url, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise self._unanswered(error) from None
        return response.status_code

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _unanswered(self, error: requests.RequestException) -> PluginError:
        kind = type(error).__name__
        if _untrusted(error):
            what = f"the certificate of {self._host} could not be verified"
            return Misconfigured(what, "see what stands between this machine and PagerDuty")
        if _never_sent(error):
            return Retry(f"{self._host} can't be reached ({kind})", "look at the network")
        what = f"{self._host} took the event, but did not answer ({kind})"
        return Unknown(what, "send it again with the same key: that makes no second incident")

    def _refused(self, response: requests.Response) -> NoReturn:
        status, said = response.status_code, self._said(response)
        what = f"{self._host} answered {status}: {said}"
        if status == 429:
            raise Retry(what, "more than 120 events a minute for this key", after=_after(response))
        if status >= 500 or status == 408:
            raise Retry(what, "nothing to do: it is tried again", after=PATIENCE)
        if status in {401, 403}:
            raise Auth(what, "look at the integration key and what stands before PagerDuty")
        if status in {400, 413}:
            raise Permanent(what, "look at the integration key, then replay it")
        if status < 300:
            raise Unknown(what, "202 was expected: see whether this is PagerDuty that answers")
        raise Misconfigured(what, "set `events_url` to PagerDuty's events endpoint")

    def _said(self, response: requests.Response) -> str:
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError:
            return "nothing that we could read"
        text = "; ".join((answer.message, *answer.errors)).strip("; ") or "nothing"
        return self._without_key(" ".join(text.split()))[:_SHOWN]

    def _without_key(self, text: str) -> str:
        key = self._key.get_secret_value()
        return text.replace(key, "[key]") if key else text


def _untrusted(error: BaseException | None) -> bool:
    """Other failures of TLS are lost lines: a line that is cut without a goodbye is one of them."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        inside = [getattr(error, "reason", None), *error.args]
        error = next((each for each in inside if isinstance(each, BaseException)), None)
    return error is not None


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if not isinstance(error, requests.ConnectionError):
        # Too many redirects, an invalid URL or header: raised before anything is sent.
        return not isinstance(
            error,
            requests.ReadTimeout
            | requests.exceptions.ChunkedEncodingError
            | requests.exceptions.ContentDecodingError,
        )
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _after(response: requests.Response) -> timedelta:
    """How long a 429 asks us to wait: seconds or an HTTP date (RFC 9110 §10.2.3), else 30 s."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(timedelta(seconds=int(given[:6])), _LONGEST)
    then, sent = _http_date(given), _http_date(response.headers.get("Date", ""))
    if then is None:
        return PATIENCE
    wait = then - (sent or datetime.now(UTC))
    return min(max(wait, timedelta(0)), _LONGEST)


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
