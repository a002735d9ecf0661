"""One account on an AR System server: signed in when it is needed, signed out always, one call at a time.

A session holds a licence until it is ended, and the server lets an account that is no administrator
work from one place only (ARERR 9093). So all connections of a process that share an account share its
turn. The token says itself how long it lasts (`exp`); one that is refused is renewed once, and the
request is sent once more, its body and files with it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from upheld.plugin import Auth, Misconfigured, PluginError, Retry, Unknown
from upheld.transport import unanswered
from upheld_remedy import errors
from upheld_remedy.config import RemedyConfig

#: A token is renewed so long before it ends.
_EARLY: Final = timedelta(seconds=60)
#: What the server says in a header where it lets somebody in as a guest.
_AS_GUEST: Final = re.compile(r"login failed|authentication failed|guest", re.IGNORECASE)
#: What follows where it may have been done.
_LOOKED_UP: Final = "it may have been done: it is looked up before it is tried again"
_HEADERS: Final = {"X-Requested-By": "XMLHttpRequest", "X-AR-Client-Type": "9008"}
#: Who takes a turn; nobody keeps a lock alive but who uses it.
_TURNS: Final[weakref.WeakValueDictionary[tuple[str, str], Turn]] = weakref.WeakValueDictionary()
_MAKING: Final = threading.Lock()


class Turn:
    """One call at a time for an account, and no more than so many a second."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._next = 0.0

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc: object) -> None:
        self._lock.release()

    def pace(self, rate: float) -> None:
        """Wait until another request may go out. Machine time."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / rate


def turn_of(url: str, user: str) -> Turn:
    """The turn of an account, the same for all who ask."""
    with _MAKING:
        found = _TURNS.get((url, user))
        if found is None:
            found = _TURNS[url, user] = Turn()
        return found


@dataclass(frozen=True, slots=True)
class Token:
    """What every request carries; ``ends`` None where it does not say."""

    text: str
    ends: datetime | None

    def fresh(self, now: datetime) -> bool:
        """Whether it lasts for a while yet."""
        return self.ends is None or now < self.ends - _EARLY


class Session:
    """Requests in the name of one account. ``open_http`` is called at the first of them."""

    def __init__(
        self,
        open_http: Callable[[], requests.Session],
        config: RemedyConfig,
        now: Callable[[], datetime],
    ) -> None:
        self._open_http, self._config, self._now = open_http, config, now
        self._turn = turn_of(config.url, config.user)
        self._http: requests.Session | None = None
        self._token: Token | None = None

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send it below the server's address; ``options`` are those of requests. A refused token is
        renewed once."""
        with self._turn:
            response = self._sent(method, path, self._signed_in(), options)
            if response.status_code != 401:
                return response
            self._token = None
            return self._sent(method, path, self._signed_in(), options)

    def close(self) -> None:
        """Sign out, whatever happened before, and let go of the connections."""
        with self._turn:
            try:
                self._sign_out()
            finally:
                self._let_go()

    def redacted(self, text: str) -> str:
        """The text without what is secret here."""
        secrets = [self._config.password, self._config.auth_string]
        words = [each.get_secret_value() for each in secrets if each is not None]
        words += [self._token.text] if self._token else []
        for word in words:
            text = text.replace(word, "[secret]") if word else text
        return text

    # --- signing in and out ---

    def _signed_in(self) -> Token:
        if self._token is not None and not self._token.fresh(self._now()):
            self._sign_out()
        if self._token is None:
            self._token = self._sign_in()
        return self._token

    def _sign_in(self) -> Token:
        values = {
            "username": self._config.user,
            "password": self._config.password.get_secret_value(),
        }
        if self._config.auth_string is not None:
            values["authString"] = self._config.auth_string.get_secret_value()
        try:
            response = self._sent("POST", "/api/jwt/login", None, {"data": values})
        except Unknown as error:  # nothing of ours was written
            raise Retry(error.what, error.do_next) from None
        self._refuse(response)
        return _token(response)

    def _refuse(self, response: requests.Response) -> None:
        """An error where we are not signed in, or only as a guest (the answer is 200 then)."""
        shown = "; ".join(
            message.shown for message in (*_told(response), *_in_header(response)) if message.failed
        )
        status, what = response.status_code, self.redacted(shown)
        if status in {401, 403} or shown:
            refused = f"{self._config.user} was not signed in: {what or f'status {status}'}"
            raise Auth(refused, "look at `user` and `password`, and whether the account is locked")
        if status >= 500 or status == 429:
            raise Retry(f"the server can't sign anybody in ({status})", "it is tried again")
        if status != 200:
            raise Misconfigured(f"there is no AR System at `url` ({status})", "look at `url`")

    def _sign_out(self) -> None:
        token, self._token = self._token, None
        if token is None:
            return
        try:
            self._sent("POST", "/api/jwt/logout", token, {"headers": {"Connection": "close"}})
        except PluginError:  # it ends by itself, and there is nothing else to be done
            return
        finally:
            self._let_go()  # what was said to be closed carries nothing more (RFC 9112 §9.6)

    # --- sending ---

    def _sent(
        self, method: str, path: str, token: Token | None, options: dict[str, Any]
    ) -> requests.Response:
        signed = {"Authorization": f"AR-JWT {token.text}"} if token else {}
        headers = {**_HEADERS, **signed, **options.get("headers", {})}
        given = {name: value for name, value in options.items() if name != "headers"}
        url, timeout = f"{self._config.url}{path}", self._config.timeout
        self._turn.pace(self._config.rate)
        try:
            return self._opened().request(method, url, headers=headers, timeout=timeout, **given)
        except requests.RequestException as error:
            failed = unanswered(error, "AR System", _LOOKED_UP, writing=method != "GET")
        # Out here: the exception holds the request, and with it the password or the token.
        raise failed

    def _let_go(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def _opened(self) -> requests.Session:
        if self._http is None:
            self._http = self._open_http()
        return self._http


def _told(response: requests.Response) -> tuple[errors.Message, ...]:
    try:
        return errors.messages(response.json())
    except ValueError:
        return ()


def _in_header(response: requests.Response) -> tuple[errors.Message, ...]:
    """With guests allowed, a wrong password is told in a header alone."""
    try:
        listed = json.loads(response.headers.get("X-AR-Messages") or "[]")
    except ValueError:
        return ()
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    told = errors.messages([{"messageType": "NOTE", **each} for each in found])
    return tuple(replace(each, kind="ERROR") for each in told if _AS_GUEST.search(each.text))


def _token(response: requests.Response) -> Token:
    text = response.text.strip()
    parts = text.split(".")
    if len(parts) != 3 or not all(parts) or any(sign in text for sign in "<> \n"):
        what = "the answer to the sign-in is no token: something stands in between"
        raise Retry(what, "see what stands between this machine and `url`")
    return Token(text, _ends(parts[1]))


def _ends(payload: str) -> datetime | None:
    """When a token ends, as it says itself (RFC 7519 §4.1.4)."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
