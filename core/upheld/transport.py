"""What an HTTP call that went wrong means, for plugins whose far end speaks HTTP.

Public, beside `upheld.plugin`: a plugin says what was asked, this says whether it may have happened.
Take the errors ``from None``: what `requests` raises holds the request, and that its secrets.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from urllib3.exceptions import NewConnectionError

from upheld.plugin import Misconfigured, PluginError, Retry, Unknown

#: No far end is believed that asks for more patience than this.
LONGEST: Final = timedelta(hours=1)


def unanswered(error: requests.RequestException, host: str, do_next: str) -> PluginError:
    """No answer came: ``Misconfigured`` for a certificate that can't be verified, ``Retry`` where
    nothing was sent, else ``Unknown`` with ``do_next``."""
    kind = type(error).__name__
    if _untrusted(error):
        what = f"the certificate of {host} could not be verified"
        return Misconfigured(what, f"see what stands between this machine and {host}")
    if _never_sent(error):
        return Retry(f"{host} can't be reached ({kind})", "look at the network")
    return Unknown(f"{host} took the request, but did not answer ({kind})", do_next)


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
