"""What is wrong in a configuration is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from upheld_pagerduty.config import PagerDutyConfig

KEY = "0123456789abcdef0123456789abcdef"


def config(**values: Any) -> PagerDutyConfig:
    return PagerDutyConfig.model_validate({"key": KEY, **values})


def test_a_key_is_enough() -> None:
    assert config().events_url == "https://events.pagerduty.com"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ValidationError, match="needs key"):
        PagerDutyConfig.model_validate({})


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"token": "t", "service": "PABC123"}, "needs key"),
        ({"token": "t", "sender": "a@x.example"}, "needs key"),
        ({"service": "PABC123", "sender": "a@x.example"}, "needs key"),
        ({"key": KEY, "service": "PABC123"}, "leave out service"),
        ({"token": "t", "service": "https://x/PABC123", "sender": "a@x.example"}, "is no id"),
        ({"key": KEY, "user": "upheld"}, "is no id"),
        ({"key": KEY, "api_url": "http://api.pagerduty.com"}, "must start with https"),
    ],
)
def test_a_way_is_whole_or_refused(values: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        PagerDutyConfig.model_validate(values)


def test_one_secret_of_webhooks_or_two_while_one_is_replaced() -> None:
    assert len(config(webhook_secrets="one").webhook_secrets) == 1
    assert len(config(webhook_secrets=["one", "two"]).webhook_secrets) == 2


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="routing_key"):
        config(routing_key=KEY)


def test_the_key_stays_out_of_every_text() -> None:
    assert KEY not in f"{config()!r} {config()} {config().model_dump_json()}"


def test_a_refusal_does_not_show_what_was_given() -> None:
    with pytest.raises(ValidationError) as refused:
        PagerDutyConfig.model_validate({"key": [KEY]})
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://events.pagerduty.com", "must start with https"),
        ("events.pagerduty.com", "must be a URL"),
        ("https://ann:secret@events.pagerduty.com", "must not carry a user"),
        ("https://events.pagerduty.com/v2/enqueue/", "must end before /v2/enqueue"),
        ("https://events.pagerduty.com?key=x", "must end before any"),
        ("https://events.pagerduty.com:port", "[Pp]ort"),
    ],
)
def test_an_endpoint_that_would_give_the_key_away(url: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        config(events_url=url)


def test_http_is_taken_for_this_machine() -> None:
    assert config(events_url="http://127.0.0.1:8080/").events_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize("timeout", [0, -1, 61])
def test_a_timeout_has_bounds(timeout: int) -> None:
    with pytest.raises(ValidationError, match="timeout"):
        config(timeout=timeout)


def test_the_schema_explains_every_key() -> None:
    properties = PagerDutyConfig.model_json_schema()["properties"]
    assert all(described.get("description") for described in properties.values())
