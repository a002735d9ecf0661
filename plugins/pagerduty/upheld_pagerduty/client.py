"""Talks to PagerDuty's events endpoint and says in our words what went wrong.

A refused connection was never a page; a reply that did not come may have been one, and the same
dedup_key makes the repeat safe. What the far end says is shown without the key.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, SecretStr, ValidationError

from upheld.plugin import Auth, Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld.transport import asked_to_wait, unanswered

# PagerDuty suggests three tries, 30 s apart.
PATIENCE: Final = timedelta(seconds=30)
#: Seconds in which a connection must stand.
CONNECT: Final = 3.0
SAME_KEY: Final = "send it again with the same key: that makes no second incident"
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
        self._timeout = (min(timeout, CONNECT), timeout)
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
        return unanswered(error, self._host, SAME_KEY)

    def _refused(self, response: requests.Response) -> NoReturn:
        status, said = response.status_code, self._said(response)
        what = f"{self._host} answered {status}: {said}"
        if status == 429:
            raise Retry(
                what,
                "more than 120 events a minute for this key",
                after=asked_to_wait(response, PATIENCE),
            )
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
