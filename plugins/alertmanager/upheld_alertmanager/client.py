"""Asks Alertmanager for its own configuration, for `check` alone. Source: its API v2, "GET /status"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from upheld.plugin import Misconfigured
from upheld.transport import unanswered

_TIMEOUT: Final = (3.0, 10.0)
_THEN: Final = "set `url` to where Alertmanager's own page is"


def configuration(session: requests.Session, url: str) -> Mapping[str, Any]:
    """The configuration that it runs with; a plugin error where there is no Alertmanager."""
    host = urlsplit(url).hostname or url
    try:
        response = session.get(f"{url}/api/v2/status", timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise unanswered(error, host, "try again", writing=False) from None
    if response.status_code != 200:
        raise Misconfigured(f"{host} answered {response.status_code} instead of its status", _THEN)
    return _read(response, host)


def _read(response: requests.Response, host: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = response.json()["config"]["original"]
        found = YAML(typ="safe", pure=True).load(text)
    except (ValueError, KeyError, TypeError, YAMLError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"route", "receivers"} <= set(found):
        raise Misconfigured(f"what {host} answers is no status of Alertmanager's", _THEN)
    return found
