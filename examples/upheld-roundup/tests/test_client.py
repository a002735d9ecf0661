"""What Roundup answers, in our words. The rest is shown against the real server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import requests
import responses
from pydantic import SecretStr, ValidationError

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
from upheld_roundup.client import RoundupClient
from upheld_roundup.config import RoundupConfig

URL = "https://bugs.example.org/support/"
SECRET = "canary-c0ffee"
ITEM = f"{URL}rest/data/issue/1"


@pytest.fixture
def client() -> RoundupClient:
    return RoundupClient(requests.Session, URL, "upheld", SecretStr(SECRET), 5)


def refusal(status: int, said: str) -> responses.Response:
    body = {"error": {"status": status, "msg": said}}
    return responses.Response("PUT", ITEM, json=body, status=status)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "property status: 'x' is not a status.", Permanent),
        (400, "Thu Nov 26 2026: An error occurred. Please check the server log for more.", Unknown),
        (400, "Required Header Missing", Misconfigured),
        (403, "Forbidden.", Auth),
        (403, "Permission to edit title of issue1 denied", Permanent),
        (404, "Class nosuch not found", Misconfigured),
        (404, "no such issue 1", Gone),
        (405, "an auditor refuses", Permanent),
        (409, "no such issue 1", Gone),
        (409, '"nosy" multilink value must contain Strings', Permanent),
        (412, "If-Match is missing or does not match.", Stale),
        (500, "oh", Unknown),
    ],
)
def test_a_refused_write(
    client: RoundupClient, status: int, said: str, kind: type[PluginError]
) -> None:
    with responses.RequestsMock() as far_end:
        far_end.add(refusal(status, said))
        with pytest.raises(kind) as caught:
            client.put("issue/1", {"title": "x"}, "etag")
    assert said.split(".", maxsplit=1)[0] in caught.value.what
    assert caught.value.do_next


def test_a_reading_that_failed_inside_is_tried_again(client: RoundupClient) -> None:
    with responses.RequestsMock() as far_end:
        body = {"error": {"msg": "An error occurred. Please check the server log"}}
        far_end.get(ITEM, json=body, status=400)
        with pytest.raises(Retry):
            client.get("issue/1")


def test_a_limit_is_waited_for_in_full(client: RoundupClient) -> None:
    with responses.RequestsMock() as far_end:
        far_end.get(ITEM, status=429, headers={"Retry-After": "300"})
        with pytest.raises(Retry) as caught:
            client.get("issue/1")
    assert caught.value.after == timedelta(seconds=300)


def test_a_write_has_what_roundup_asks_for(client: RoundupClient) -> None:
    with responses.RequestsMock() as far_end:
        far_end.put(ITEM, json={"data": {}})
        client.put("issue/1", {"title": "x"}, "abc")
        sent = far_end.calls[0].request.headers
    assert sent["If-Match"] == '"abc"'
    assert (sent["Origin"], sent["Referer"]) == ("https://bugs.example.org", URL)
    assert sent["X-Requested-With"]


def test_a_password_that_comes_back_is_not_told(client: RoundupClient) -> None:
    with responses.RequestsMock() as far_end:
        far_end.add(refusal(400, f"bad header: {SECRET}"))
        with pytest.raises(Permanent) as caught:
            client.put("issue/1", {"title": "x"}, "etag")
    assert SECRET not in f"{caught.value!r} {caught.value}"
    assert "[password]" in caught.value.what


@pytest.mark.parametrize(
    "url",
    [
        "bugs.example.org",
        "http://bugs.example.org/support/",
        "https://me:secret@bugs.example.org/support/",
        "https://bugs.example.org/support/rest/",
        "https://bugs.example.org/support/?x=1",
    ],
)
def test_an_address_that_is_none_of_a_tracker(url: str) -> None:
    with pytest.raises(ValidationError):
        RoundupConfig(url=url, user="upheld", password=SecretStr(SECRET))


def test_an_address_ends_with_a_slash() -> None:
    config = RoundupConfig(url=URL.rstrip("/"), user="upheld", password=SecretStr(SECRET))
    assert config.url == URL
    assert SECRET not in repr(config)


def test_it_uses_nothing_of_upheld_but_the_surface() -> None:
    """Its contract uses `upheld.testing` besides, as every plugin's does."""
    package = Path(__file__).parent.parent / "upheld_roundup"
    lines = [line for file in package.glob("*.py") for line in file.read_text().splitlines()]
    used = {
        line.split()[1] for line in lines if line.startswith(("from upheld.", "import upheld."))
    }
    assert used == {"upheld.plugin", "upheld.transport", "upheld.testing", "upheld.testing.kit"}
