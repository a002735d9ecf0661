"""Talks to Jira by version 2 of its API, which Cloud and Data Center share.

The `jira` library knows the paths; its own session is never used, since that repeats a POST whose
answer was lost (and so makes a second issue), waits at most a minute however long it was told to, and
writes headers to the log. It is given the session that the core lends. Where it is in the way (token
paging, properties of comments, uploads) requests go through that same session.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from upheld.plugin import Context, Misconfigured
from upheld_jira.answers import refusal, unanswered, unbelieved, unreadable
from upheld_jira.auth import OAuth, signing_in
from upheld_jira.config import JiraConfig

if TYPE_CHECKING:
    from jira import JIRA

T = TypeVar("T")
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ONCE: Final = "X-Upheld-Again"


class JiraClient:
    """One account on one site. Nothing is opened before the first request."""

    def __init__(self, context: Context, config: JiraConfig) -> None:
        self._context, self._config = context, config
        self._opening = threading.Lock()
        self._session: requests.Session | None = None
        self._library: JIRA | None = None

    # --- the library ---

    def ask(self, call: Callable[[JIRA], T], *, writing: bool = False) -> T:
        """Something that the library knows how to ask; ``PluginError`` for all that goes wrong."""
        library = self._jira()
        with _told(writing=writing):
            return call(library)

    # --- beside it ---

    def get(self, path: str, **query: Any) -> Any:
        """JSON below /rest/api/2/."""
        return self._json("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something; its JSON, or None where Jira says nothing."""
        return self._json("POST", path, json=body)

    def put(self, path: str, body: Any, **query: Any) -> Any:
        """Change something."""
        return self._json("PUT", path, json=body, params=query)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._json("DELETE", path)

    def elsewhere(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """JSON of another API of the site, such as rest/webhooks/1.0/webhook."""
        return self._json(method, path, root="", json=body)

    def upload(self, path: str, name: str, media_type: str, content: bytes) -> Any:
        """A file; the answer's JSON."""
        # `file` is the only name of the part that Jira takes; without no-check it refuses browsers.
        files = {"file": (name, content, media_type)}
        return self._json("POST", path, files=files, headers={"X-Atlassian-Token": "no-check"})

    def content(self, url: str) -> bytes:
        """The bytes of an attachment. Cloud sends on to a host for media, which gets no credentials."""
        if _origin(url) != _origin(self._config.url):
            return self._without_credentials(url).content
        response = self._send("GET", url, headers={"Accept": "*/*"})
        if response.status_code == 303:
            response = self._without_credentials(response.headers.get("Location", ""))
        return response.content

    def close(self) -> None:
        """Let go of the connections; the next request opens new ones."""
        with self._opening:
            session, self._session, self._library = self._session, None, None
        if session is not None:
            session.close()

    # --- parts ---

    def _json(self, method: str, path: str, *, root: str = "rest/api/2/", **options: Any) -> Any:
        response = self._send(method, f"{self._config.url}/{root}{path}", **options)
        if not response.content:
            return None
        with _told(writing=method not in _READS):
            return response.json()

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        session = self._opened()
        with _told(writing=method not in _READS):
            return session.request(method, url, timeout=self._config.timeout, **options)

    def _without_credentials(self, url: str) -> requests.Response:
        where = urlsplit(url)
        if where.scheme != "https" and where.hostname not in _LOOPBACK:
            raise Misconfigured("Jira sends on to a host without https", "nothing was fetched")
        with self._context.http() as bare, _told(writing=False):
            response = bare.get(url, timeout=self._config.timeout)
            if not response.ok:
                raise refusal(response, writing=False)
            return response

    def _opened(self) -> requests.Session:
        with self._opening:
            if self._session is None:
                self._session = self._signed_in()
            return self._session

    def _signed_in(self) -> requests.Session:
        session = self._context.http()
        auth = signing_in(self._config, self._context)
        session.auth = auth
        session.headers["Accept"] = "application/json"
        if isinstance(auth, OAuth):
            session.hooks["response"].append(_renewing(auth, session))
        session.hooks["response"].append(_looked_at)
        return session

    def _jira(self) -> JIRA:
        session = self._opened()
        with self._opening:
            if self._library is None:
                self._library = _library(self._config.url, session)
            return self._library


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _library(url: str, session: requests.Session) -> JIRA:
    """The library on our session; making it asks Jira nothing, and it logs nothing."""
    from jira import JIRA

    quiet = {"check_update": False, "rest_api_version": "2"}
    made = JIRA(url, quiet, get_server_info=False, max_retries=0, logging=False)
    made._session.close()  # noqa: SLF001  the library offers no other way to bring a session
    made._session = session  # type: ignore[assignment]  # noqa: SLF001
    return made


def _looked_at(response: requests.Response, **_options: Any) -> None:
    """Every answer passes here, also those that the library asked for."""
    response.content  # noqa: B018  whoever raises with bytes still to come leaves a socket open
    not_us = unbelieved(response)
    if not_us is not None:
        raise not_us
    sent_on = response.status_code == 303 and "/attachment/content/" in response.url
    if not (200 <= response.status_code < 300 or sent_on):
        raise refusal(response, writing=response.request.method not in _READS)


def _renewing(auth: OAuth, session: requests.Session) -> Callable[..., requests.Response]:
    """A request that was refused for its access token goes out once more, with a new one."""

    def renew(response: requests.Response, **options: Any) -> requests.Response:
        request = response.request
        if response.status_code != 401 or _ONCE in request.headers:
            return response
        auth.renewed(request.headers.get("Authorization", ""))
        again = auth(request.copy())
        again.headers[_ONCE] = "1"
        return session.send(again, **options)

    return renew


@contextmanager
def _told(*, writing: bool) -> Iterator[None]:
    from jira import JIRAError

    try:
        yield
    except requests.JSONDecodeError:
        raise unreadable("Jira's answer is cut off or is no JSON", writing=writing) from None
    except requests.RequestException as error:
        # `from None`: the exception holds the request, and its headers the token.
        raise unanswered(error, writing=writing) from None
    except (JIRAError, ValueError, KeyError, TypeError, AttributeError):
        raise unreadable("Jira's answer has an unknown shape", writing=writing) from None
