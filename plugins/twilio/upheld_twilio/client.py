"""Talks to Twilio's API and says in our words what went wrong.

Nothing that creates is ever repeated here: the API knows no key that would make a repeat harmless.
What the far end says is shown without the secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode, urlsplit

import requests
from pydantic import BaseModel, SecretStr, ValidationError

from upheld.plugin import Auth, Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld.transport import asked_to_wait, unanswered
from upheld_twilio.codes import BUSY, CREDENTIALS, refused

Form: TypeAlias = Mapping[str, str | list[str]]

PATIENCE: Final = timedelta(seconds=10)
_VERSION: Final = "/2010-04-01"
_CONNECT: Final = 3.0
_SHOWN: Final = 300
_PAGE: Final = 200
_LOOK_UP: Final = "it is looked up before it is sent again"
_READ_AGAIN: Final = "nothing to do: it is read again"


class _Error(BaseModel):
    """The part of an error that is read."""

    code: int | None = None
    message: str = ""


class Api:
    """One account on one endpoint. ``secrets`` are cut out of whatever the far end says."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        account: str,
        login: tuple[str, SecretStr],
        timeout: float,
    ) -> None:
        self._session, self._url = session, url
        self._account, self._login = f"{_VERSION}/Accounts/{account}", login
        # A network that swallows all packets must not make a page look hung.
        self._timeout = (min(timeout, _CONNECT), timeout)
        self._host = urlsplit(url).hostname or url

    def create(self, resource: str, form: Form) -> dict[str, Any]:
        """POST a form to ``Messages`` or ``Calls``; the resource as it was created.

        ``Unknown`` where it may have been, whatever the answer is.
        """
        try:
            response = self._asked("POST", f"{self._account}/{resource}.json", form)
        except requests.RequestException as error:
            # `from None`: the exception holds the request, and that the secrets.
            raise unanswered(error, self._host, _LOOK_UP) from None
        if response.status_code != 201:
            raise self._refused(response, creating=True)
        found = _parsed(response)
        if found is None:
            raise Unknown(f"{self._host} took it, and its answer can't be read", _LOOK_UP)
        return found

    def account(self) -> dict[str, Any]:
        """The account itself."""
        return self._read(f"{self._account}.json")

    def listed(self, resource: str, name: str, **query: str) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, newest first; ``name`` is the list's name in the answer."""
        words = urlencode({**query, "PageSize": str(_PAGE)})
        path: str | None = f"{self._account}/{resource}.json?{words}"
        while path is not None:
            page = self._read(path)
            yield [each for each in page.get(name) or () if isinstance(each, dict)]
            path = page.get("next_page_uri")
            # Credentials go to the host that we were told of, whatever an answer says.
            if path is not None and not path.startswith(f"{_VERSION}/"):
                raise Retry(f"{self._host} names a next page elsewhere", _READ_AGAIN)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _read(self, path: str) -> dict[str, Any]:
        try:
            response = self._asked("GET", path)
        except requests.RequestException as error:
            failed = unanswered(error, self._host, _READ_AGAIN)
            # A reading that was not answered did no harm.
            raise (
                Retry(failed.what, _READ_AGAIN) if isinstance(failed, Unknown) else failed
            ) from None
        if response.status_code != 200:
            raise self._refused(response, creating=False)
        found = _parsed(response)
        if found is None:
            raise Retry(f"{self._host} answered what can't be read", _READ_AGAIN, after=PATIENCE)
        return found

    def _asked(self, method: str, path: str, form: Form | None = None) -> requests.Response:
        user, secret = self._login
        return self._session.request(
            method,
            f"{self._url}{path}",
            data=form,
            auth=(user, secret.get_secret_value()),
            timeout=self._timeout,
            allow_redirects=False,
        )

    def _refused(self, response: requests.Response, *, creating: bool) -> PluginError:
        said = _said(response)
        status, code = response.status_code, said.code or 0
        what = f"{self._host} answered {status}: {self._shown(said)}"
        if status == 429 or code in BUSY:
            return Retry(what, "nothing to do: it waits", after=asked_to_wait(response, PATIENCE))
        if status in {401, 403} or code in CREDENTIALS:
            return Auth(what, "look at `account` and `token`, or at the API key")
        return refused(code, what) or _by_status(status, what, creating=creating)

    def _shown(self, said: _Error) -> str:
        text = " ".join(said.message.split()) or "nothing that we could read"
        secret = self._login[1].get_secret_value()
        shown = text.replace(secret, "[secret]") if secret else text
        return f"{shown[:_SHOWN]} ({said.code})" if said.code else shown[:_SHOWN]


def _by_status(status: int, what: str, *, creating: bool) -> PluginError:
    """What a status alone tells."""
    if status >= 500 or status in {200, 202, 408}:
        # A gateway that gives up says nothing of what happened behind it.
        return Unknown(what, _LOOK_UP) if creating else Retry(what, _READ_AGAIN, after=PATIENCE)
    if status == 400:
        return Permanent(what, "look the code up in Twilio's error dictionary")
    return Misconfigured(what, "look at `account` and `url`")


def _parsed(response: requests.Response) -> dict[str, Any] | None:
    try:
        found = json.loads(response.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _said(response: requests.Response) -> _Error:
    try:
        return _Error.model_validate_json(response.content)
    except ValidationError:
        return _Error()
