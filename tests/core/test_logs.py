"""Logs: one event a line, for people or machines, and no secret on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from upheld.logs import configure, logger, silence, without_secrets


@pytest.fixture
def stream() -> Iterator[StringIO]:
    yield StringIO()
    structlog.reset_defaults()


def lines(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- the lines --------------------------------------------------------------------------------------


def test_a_line_is_an_event_with_level_time_and_values(stream: StringIO) -> None:
    configure(stream, json=True)
    logger(connection="mailbox").warning("delivery", case="C1", state="dead")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "delivery",
        "level": "warning",
        "connection": "mailbox",
        "case": "C1",
        "state": "dead",
    }


def test_people_read_one_line_an_event_without_colours_in_a_file(stream: StringIO) -> None:
    configure(stream)
    logger().info("delivery", case="C1")
    (line,) = stream.getvalue().splitlines()
    assert "delivery" in line
    assert "case=C1" in line
    assert "\x1b" not in line


def test_debug_is_told_only_when_asked_for(stream: StringIO) -> None:
    configure(stream, json=True)
    logger().debug("detail")
    assert lines(stream) == []
    configure(stream, json=True, debug=True)
    logger().debug("detail")
    assert len(lines(stream)) == 1


def test_what_is_bound_to_the_thread_is_on_every_line(stream: StringIO) -> None:
    configure(stream, json=True)
    with structlog.contextvars.bound_contextvars(case="C7"):
        logger().info("inside")
    logger().info("outside")
    assert [line.get("case") for line in lines(stream)] == ["C7", None]


def test_a_drawn_screen_is_left_alone(stream: StringIO) -> None:
    configure(stream, json=True)
    silence()
    logger().error("loud")
    assert stream.getvalue() == ""


def test_a_text_with_line_breaks_stays_one_line_for_machines(stream: StringIO) -> None:
    configure(stream, json=True)
    logger().info("delivery", detail='no\n{"event": "forged"}')
    assert len(stream.getvalue().splitlines()) == 1


# --- secrets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "smtp_password",
        "Authorization",
        "refresh_token",
        "client_secret",
        "routing_key",
        "API_KEY",
        "X-Api-Key",
        "Set-Cookie",
    ],
)
def test_what_is_named_like_a_secret_is_blanked(stream: StringIO, name: str) -> None:
    configure(stream, json=True)
    logger().info("connected", **{name: "hunter2"}, user="ann")
    (line,) = lines(stream)
    assert (line[name], line["user"]) == ("***", "ann")


@pytest.mark.parametrize(
    "value",
    [
        {"headers": {"Authorization": "hunter2"}},
        {"tried": [{"password": "hunter2"}, {"password": "hunter2"}]},
        {"tried": ({"deep": {"api_key": ["hunter2"]}},)},
        {"config": {"password": SecretStr("hunter2")}},
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_however_deep_it_lies(stream: StringIO, value: dict[str, Any], as_json: bool) -> None:
    configure(stream, json=as_json)
    logger().info("connected", **value)
    assert "hunter2" not in stream.getvalue()
    assert "***" in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://upheld:hunter2@db.example/upheld",
        "can't reach smtp://ann@house.example:hunter2@mail.example:587",
        "https://hunter2@api.example/v1",
    ],
)
def test_credentials_in_urls_are_blanked_wherever_they_stand(stream: StringIO, text: str) -> None:
    configure(stream, json=True)
    logger().info("failed", error=text, tried=[text])
    (line,) = lines(stream)
    assert "hunter2" not in json.dumps(line)
    assert ".example" in line["error"], "the host is left"


@pytest.mark.parametrize("as_json", [True, False])
def test_nor_are_they_in_tracebacks(stream: StringIO, as_json: bool) -> None:
    configure(stream, json=as_json)
    password = "hunter2"
    try:
        raise ConnectionError(f"no route to postgresql://upheld:{password}@db.example")
    except ConnectionError:
        structlog.get_logger().exception("failed")
    assert "ConnectionError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue(), "neither in its text nor as a local variable"


def test_the_callers_own_values_stay_as_they_are() -> None:
    headers = {"Authorization": "hunter2", "Accept": "text/plain"}
    told = without_secrets(None, "info", {"headers": headers})
    assert told == {"headers": {"Authorization": "***", "Accept": "text/plain"}}
    assert headers["Authorization"] == "hunter2"


harmless = st.text(alphabet="abcdef @:/.", max_size=20).filter(lambda text: "://" not in text)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | harmless,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(harmless, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(harmless, values, max_size=4))
def test_what_is_no_secret_is_told_as_it_is(event: dict[str, Any]) -> None:
    assert without_secrets(None, "info", dict(event)) == event
