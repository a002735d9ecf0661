"""What an HTTP call that went wrong means."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from upheld.plugin import Misconfigured, PluginError, Retry, Unknown
from upheld.transport import LONGEST, asked_to_wait, setting_url, unanswered

HALF_A_MINUTE = timedelta(seconds=30)
AT = "Tue, 01 Dec 2026 12:00:00 GMT"


def refused() -> requests.RequestException:
    """What `requests` raises where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(requests.ConnectionError) as raised:
            requests.get(url, timeout=1)
    return raised.value


def untrusted() -> requests.RequestException:
    inner = MaxRetryError(None, "/", ssl.SSLCertVerificationError("self-signed"))  # type: ignore[arg-type]
    return requests.exceptions.SSLError(inner)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused, Retry),
        (untrusted, Misconfigured),
        (requests.ConnectTimeout, Retry),
        (requests.exceptions.ProxyError, Retry),
        (requests.exceptions.InvalidURL, Retry),
        (requests.TooManyRedirects, Retry),
        (requests.ReadTimeout, Unknown),
        (requests.ConnectionError, Unknown),
        (requests.exceptions.ChunkedEncodingError, Unknown),
        (requests.exceptions.ContentDecodingError, Unknown),
        (lambda: requests.exceptions.SSLError("EOF without a goodbye"), Unknown),
    ],
)
def test_whether_it_may_have_happened(error: object, kind: type[PluginError]) -> None:
    assert callable(error)
    found = unanswered(error(), "desk.example", "look it up")
    assert type(found) is kind
    assert "desk.example" in found.what
    assert found.do_next
    assert found.do_next == "look it up" or kind is not Unknown


def test_a_name_that_does_not_resolve_was_never_asked() -> None:
    reason = NewConnectionError(None, "no such host")  # type: ignore[arg-type]
    error = requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]
    assert isinstance(unanswered(error, "desk.invalid", ""), Retry)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, HALF_A_MINUTE),
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "0"}, timedelta(0)),
        ({"Retry-After": "-5"}, HALF_A_MINUTE),
        ({"Retry-After": "soon"}, HALF_A_MINUTE),
        ({"Retry-After": "9999999999"}, LONGEST),
        ({"Retry-After": "Tue, 01 Dec 2026 12:01:30 GMT", "Date": AT}, timedelta(seconds=90)),
        ({"Retry-After": "Tue, 01 Dec 2026 11:00:00 GMT", "Date": AT}, timedelta(0)),
        ({"Retry-After": "Fri, 01 Dec 2056 11:00:00 GMT"}, LONGEST),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], wait: timedelta) -> None:
    response = requests.Response()
    response.headers.update(headers)
    assert asked_to_wait(response, HALF_A_MINUTE) == wait


def test_a_date_without_another_counts_from_now() -> None:
    response = requests.Response()
    soon = datetime.now(UTC) + timedelta(seconds=60)
    response.headers["Retry-After"] = soon.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert timedelta(seconds=50) < asked_to_wait(response, HALF_A_MINUTE) <= timedelta(seconds=60)


def test_a_reading_without_an_answer_is_done_again() -> None:
    found = unanswered(requests.ReadTimeout(), "desk.example", "look it up", writing=False)
    assert type(found) is Retry
    assert "look it up" not in found.do_next


@pytest.mark.parametrize(
    "url",
    [
        "https://desk.example",
        "https://desk.example:8443/jira/",
        "http://127.0.0.1:80",
        "http://[::1]",
    ],
)
def test_a_url_to_which_a_secret_may_go(url: str) -> None:
    assert setting_url(url, "https://desk.example", "set `token`").geturl() == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("desk.example", "must be a URL such as https://desk.example"),
        ("ftp://desk.example", "must be a URL such as https://desk.example"),
        ("https://", "must be a URL such as https://desk.example"),
        ("http://desk.example", "must start with https://"),
        ("https://bo:canary-c0ffee@desk.example", "must not carry a user or password: set `token`"),
        ("https://canary-c0ffee@desk.example", "must not carry a user or password: set `token`"),
        ("https://desk.example?key=canary-c0ffee", "must end before any"),
        ("https://desk.example#canary-c0ffee", "must end before any"),
        ("https://desk.example:port", "Port could not be cast"),
    ],
)
def test_a_url_that_would_give_a_secret_away(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        setting_url(url, "https://desk.example", "set `token`")
    assert "canary" not in str(raised.value)
