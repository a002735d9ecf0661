"""Talks to Roundup's REST interface and says in our words what went wrong.

Writes need the headers of Roundup's guard against forged requests, and an etag (`If-Match`). What
Roundup did not foresee it answers with 400 and "see the server log", before or after it stored
something: such an answer to a write is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr
from requests.auth import HTTPBasicAuth

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
from upheld.transport import unanswered

Query = Sequence[tuple[str, str]]
_LONGEST: Final = timedelta(hours=1)
_SHOWN: Final = 300
_LOOKED_UP: Final = "look whether it was stored"
_FAILED_INSIDE: Final = "check the server log"


@dataclass(frozen=True, slots=True)
class Answer:
    """The `data` of a reply, and the server's own time of it, where it tells."""

    data: dict[str, Any]
    at: datetime | None


class RoundupClient:
    """One user on one tracker. ``open_session`` is called at the first request."""

    def __init__(
        self,
        open_session: Callable[[], requests.Session],
        url: str,
        user: str,
        password: SecretStr,
        timeout: float,
    ) -> None:
        self._open_session, self._url, self._timeout = open_session, url, timeout
        self._user, self._password = user, password
        self._session: requests.Session | None = None

    # --- requests ---

    def get(self, path: str, query: Query = ()) -> Answer:
        """Read something below /rest/data/."""
        return self._answer(self._send("GET", path, params=list(query)), writing=False)

    def post(self, path: str, values: Mapping[str, Any]) -> str:
        """Create something; its id."""
        return _id(self._answer(self._send("POST", path, json=values), writing=True))

    def put(self, path: str, values: Mapping[str, Any], etag: str) -> None:
        """Change something that is still as ``etag`` says; `Stale` where it is not."""
        headers = {"If-Match": f'"{etag}"'}
        self._answer(self._send("PUT", path, json=values, headers=headers), writing=True)

    def upload(self, name: str, media_type: str, content: bytes) -> str:
        """Create a file; its id."""
        parts = {"content": (name, content, media_type)}
        values = {"name": name, "type": media_type}
        sent = self._send("POST", "file", data=values, files=parts)
        return _id(self._answer(sent, writing=True))

    def size(self, file: str) -> int:
        """How many bytes a file has, without reading them."""
        with self._bytes(file, stream=True) as response:
            return int(response.headers.get("Content-Length", "0"))

    def content(self, file: str) -> bytes:
        """The bytes of a file."""
        return self._bytes(file, stream=False).content

    def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _bytes(self, file: str, *, stream: bool) -> requests.Response:
        # Asked for JSON, Roundup would wrap them; compressed, they would have another length.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        path = f"file/{file}/binary_content"
        response = self._send("GET", path, stream=stream, headers=headers)
        if response.status_code != 200:
            self._refused(response, writing=False)
        return response

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._opened().request(
                method, f"{self._url}rest/data/{path}", timeout=self._timeout, **options
            )
        except requests.RequestException as error:
            # `from None`: the exception holds the request, and its headers the password.
            raise unanswered(error, "Roundup", _LOOKED_UP, writing=method != "GET") from None

    def _opened(self) -> requests.Session:
        if self._session is None:
            where = urlsplit(self._url)
            session = self._open_session()
            password = self._password.get_secret_value()
            session.auth = HTTPBasicAuth(self._user.encode(), password.encode())
            session.headers.update(
                {
                    "X-Requested-With": "rest",
                    "Origin": f"{where.scheme}://{where.netloc}",
                    "Referer": self._url,
                    "Accept": "application/json",
                }
            )
            self._session = session
        return self._session

    # --- answers ---

    def _answer(self, response: requests.Response, *, writing: bool) -> Answer:
        if response.status_code not in {200, 201}:
            self._refused(response, writing=writing)
        try:
            data = response.json()["data"]
        except (ValueError, KeyError, TypeError):
            what = "Roundup's answer is cut off or is no JSON"
            raise _lost(what, writing=writing) from None
        if not isinstance(data, dict):
            raise _lost("Roundup's answer has an unknown shape", writing=writing)
        return Answer(data, _date(response))

    def _refused(self, response: requests.Response, *, writing: bool) -> NoReturn:
        status, said = response.status_code, self._said(response)
        what = f"Roundup answered {status}: {said}"
        if status == 429:
            raise Retry(what, "Roundup's limit of calls is reached", after=_after(response))
        if status >= 500 or status == 408 or _FAILED_INSIDE in said:
            raise _lost(what, writing=writing)
        raise _classified(status, said, what)

    def _said(self, response: requests.Response) -> str:
        try:
            text = str(response.json()["error"]["msg"])
        except (ValueError, KeyError, TypeError):
            plain = response.headers.get("Content-Type", "").startswith("text/plain")
            text = response.text if plain else "nothing that we could read"
        secret = self._password.get_secret_value()
        shown = " ".join(text.split())
        return (shown.replace(secret, "[password]") if secret else shown)[:_SHOWN]


def _id(answer: Answer) -> str:
    return str(answer.data["id"])


def _classified(status: int, said: str, what: str) -> PluginError:
    if status == 401 or (status == 403 and said == "Forbidden."):
        return Auth(what, "look at `user` and `password`; the user needs the right 'Rest Access'")
    if status == 412:
        return Stale(what, "read it again")
    if said.startswith("no such "):
        return Gone(what, "see whether it was deleted by hand")
    if status == 404 or 300 <= status < 400 or "Header Missing" in said:
        return Misconfigured(what, _other_place(said))
    right = "give the user this right in the tracker's schema.py, then replay it"
    return Permanent(what, right if status == 403 else "look at the item and at the map")


def _other_place(said: str) -> str:
    if said.startswith("Class "):
        return "set `item_class` to a class of the tracker's schema.py"
    return "set `url` to exactly what `web` in Roundup's config.ini says"


def _lost(what: str, *, writing: bool) -> PluginError:
    if writing:
        return Unknown(what, _LOOKED_UP)
    return Retry(what, "see what stands between this machine and Roundup")


def _date(response: requests.Response, name: str = "Date") -> datetime | None:
    try:
        when = parsedate_to_datetime(response.headers.get(name, ""))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _after(response: requests.Response) -> timedelta | None:
    """How long we are asked to wait: seconds or an HTTP date (RFC 9110 §10.2.3)."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(timedelta(seconds=int(given[:6])), _LONGEST)
    then = _date(response, "Retry-After")
    if then is None:
        return None
    wait = then - (_date(response) or datetime.now(UTC))  # an HTTP date is real time
    return min(max(wait, timedelta(0)), _LONGEST)
