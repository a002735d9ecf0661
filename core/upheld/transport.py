"""What an HTTP call that went wrong means, for plugins whose far end speaks HTTP.

Public, beside `upheld.plugin`: a plugin says what was asked, this says whether it may have happened.
Take the errors ``from None``: what `requests` raises holds the request, and that its secrets.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from upheld.plugin import Misconfigured, PluginError, Retry, Unknown

#: No far end is believed that asks for more patience than this.
LONGEST: Final = timedelta(hours=1)


_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def setting_url(url: str, such_as: str, instead: str) -> SplitResult:
    """The parts of a URL in a plugin's settings, where a secret will go: https but on this machine, to a
    host, without user, password, query or fragment. ``ValueError`` says what is wrong, with a URL
    ``such_as`` it should be, and what is set ``instead`` of a password in it."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError(f"must be a URL such as {such_as}")
    if parts.username or parts.password:
        raise ValueError(f"must not carry a user or password: {instead}")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("must start with https://; http is taken for this machine alone")
    if parts.query or parts.fragment:
        raise ValueError(f"must end before any ? or #, such as {such_as}")
    _ = parts.port  # raises ValueError where it is no number
    return parts


def unanswered(
    error: requests.RequestException, host: str, do_next: str, *, writing: bool = True
) -> PluginError:
    """No answer came: ``Misconfigured`` for a certificate that can't be verified, ``Retry`` where nothing was
    sent or all it did was reading, else ``Unknown`` with ``do_next``."""
    kind = type(error).__name__
    if _untrusted(error):
        what = f"the certificate of {host} could not be verified"
        return Misconfigured(what, f"see what stands between this machine and {host}")
    if _never_sent(error):
        return Retry(f"{host} can't be reached ({kind})", "look at the network")
    what = f"{host} took the request, but did not answer ({kind})"
    return Unknown(what, do_next) if writing else Retry(what, "nothing to do: it is tried again")


def asked_to_wait(response: requests.Response, otherwise: timedelta) -> timedelta:
    """How long an answer asks us to wait, an hour at most: ``Retry-After`` in seconds or as an HTTP
    date (RFC 9110 §10.2.3), ``otherwise`` without one."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(timedelta(seconds=int(given[:6])), LONGEST)
    then, sent = _http_date(given), _http_date(response.headers.get("Date", ""))
    if then is None:
        return otherwise
    wait = then - (sent or datetime.now(UTC))
    return min(max(wait, timedelta(0)), LONGEST)


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


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
