"""Settings: what is wrong is named, and secrets stay out of sight."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from tests.plugins.jira.made import URL, config

OAUTH = {"client_id": "id", "client_secret": "s-canary", "refresh_token": "r-canary"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"url": "http://acme.atlassian.net"}, "url"),
        ({"url": "acme"}, "url"),
        ({"url": f"{URL}/rest/api/2"}, "url"),
        ({"url": "https://me:word@acme.example"}, "url"),
        ({"url": "https://acme.example:x"}, "url"),
        ({"url": f"{URL}?x=1"}, "url"),
        ({"project": "sup"}, "project"),
        ({"project": 'SUP" OR 1=1'}, "project"),
        ({"token": None}, "token"),
        ({"oauth": OAUTH}, "oauth"),
        ({"token": None, "oauth": OAUTH}, "email"),
        ({"token": None, "oauth": {**OAUTH, "token_url": "http://x.example"}}, "token_url"),
        ({"hops": 0}, "hops"),
        ({"timeout": 0}, "timeout"),
        ({"deployment": "saas"}, "deployment"),
        ({"nosuch": 1}, "nosuch"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**changed)
    assert named in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"{URL}/", "http://127.0.0.1:8080/jira/", "https://x.example/jira"]
)
def test_an_address_is_kept_without_its_last_stroke(url: str) -> None:
    assert config(url=url).url == url.rstrip("/")


def test_secrets_are_in_no_repr() -> None:
    settings = config(token=None, email=None, oauth=OAUTH, webhook_secret="w-canary")
    assert "canary" not in f"{config()!r} {settings!r} {settings}"


def test_the_library_is_imported_with_the_first_request() -> None:
    """It takes as long as everything else together."""
    asked = "import sys, upheld_jira.adapter; sys.exit('jira' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], check=False)
    assert done.returncode == 0
