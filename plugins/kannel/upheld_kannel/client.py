"""Talks to the gateway's sendsms and says in our words what went wrong.

The name and the password go in headers: a gateway writes its URLs into its access log. Source: Kannel
User's Guide, "Using the HTTP interface to sendsms-service".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from upheld.plugin import Auth, Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld.transport import asked_to_wait, unanswered

PATIENCE: Final = timedelta(seconds=10)
_CONNECT: Final = 3.0
_SHOWN: Final = 300
_UNKNOWN: Final = "a receipt may still tell; the gateway can't be asked"
#: Kannel's words for a number that is left out, in a refusal that changes nothing.
_NO_RECEIVER: Final = "receiver"


class Sendsms:
    """One user on one gateway."""

    def __init__(
        self, session: requests.Session, url: str, user: str, password: SecretStr, timeout: float
    ) -> None:
        self._session, self._url, self._user, self._password = session, url, user, password
        self._timeout = (min(timeout, _CONNECT), timeout)
        self._host = urlsplit(url).hostname or url

    def send(self, headers: Mapping[str, str], text: str) -> str:
        """Hand a message over; returns what the gateway says of it. 202 means that it has it."""
        response = self._post(headers, text)
        said = self._said(response)
        if response.status_code != 202:
            raise self._refused(response, said)
        if not said[:1].isdigit():  # "0: Accepted for delivery", "3: Queued for later delivery"
            raise Unknown(f"{self._host} answered 202, but not as Kannel does: {said}", _UNKNOWN)
        return said

    def try_out(self) -> None:
        """Sign in with a message to nobody, which is refused for that; raises where it is not."""
        response = self._post({}, "")
        said = self._said(response)
        if response.status_code != 400 or _NO_RECEIVER not in said:
            raise self._refused(response, said)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _post(self, headers: Mapping[str, str], text: str) -> requests.Response:
        ours = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": self._user,
            "X-Kannel-Password": self._password.get_secret_value(),
        }
        try:
            return self._session.post(
                self._url,
                data=text.encode(),
                headers={**ours, **headers},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # `from None`: the exception holds the request, and that the password.
            raise unanswered(error, self._host, _UNKNOWN) from None

    def _refused(self, response: requests.Response, said: str) -> PluginError:
        status = response.status_code
        what = f"{self._host} answered {status}: {said}"
        if status == 429:
            return Retry(what, "nothing to do: it waits", after=asked_to_wait(response, PATIENCE))
        return _by_status(status, what)

    def _said(self, response: requests.Response) -> str:
        text = " ".join(response.content.decode(errors="replace").split()) or "nothing"
        password = self._password.get_secret_value()
        return (text.replace(password, "[password]") if password else text)[:_SHOWN]


def _by_status(status: int, what: str) -> PluginError:
    """What a refusal means that asks for no patience of its own."""
    if status == 503:  # "Temporal failure, try again later": it has not taken it
        do_next = "see whether the gateway is bound to its message centre"
        return Retry(what, do_next, after=PATIENCE)
    if status in {401, 403}:
        return Auth(what, "look at `user` and `password`, and at the gateway's sendsms-user")
    if status == 400:
        return Permanent(what, "look at the number, and at the gateway's lists")
    if status >= 500 or status in {200, 202, 408}:
        return Unknown(what, _UNKNOWN)
    return Misconfigured(what, "set `url` to the gateway's sendsms")
