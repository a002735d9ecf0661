"""Feeds from files and from the web; what a URL may hide is not told."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
import responses

from upheld.desk.feeds import fetching, shown
from upheld.errors import ConfigError

_URL = "https://calendar.example/secret-token/basic.ics"


def test_a_path_starts_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "office.ics").write_bytes("\ufeffSUMMARY:Štědrý den".encode())
    assert fetching(tmp_path)("office.ics") == "SUMMARY:Štědrý den"


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"\xff\xfe", "not in UTF-8")]
)
def test_a_file_that_can_not_be_read_is_named(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content:
        (tmp_path / "office.ics").write_bytes(content)
    with pytest.raises(ConfigError, match=why) as caught:
        fetching(tmp_path)("office.ics")
    assert str(caught.value.where).endswith("office.ics")


@pytest.mark.parametrize("url", [_URL, _URL.replace("https", "webcal")])
@responses.activate
def test_a_url_is_asked_for(url: str) -> None:
    responses.get(_URL, body="BEGIN:VCALENDAR")
    assert fetching(Path())(url) == "BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 404}, "it answered 404"),
        ({"body": requests.ConnectionError(_URL)}, "it can't be reached"),
        ({"body": b"\xff"}, "it is not in UTF-8"),
    ],
)
@responses.activate
def test_what_went_wrong_is_told_without_the_secret(answer: dict[str, object], why: str) -> None:
    responses.get(_URL, **answer)
    with pytest.raises(ConfigError, match=why) as caught:
        fetching(Path())(_URL)
    assert caught.value.where == "https://calendar.example/…"
    assert "secret" not in str(caught.value)


def test_a_path_is_shown_as_it_is() -> None:
    assert (shown("days/office.ics"), shown(_URL)) == (
        "days/office.ics",
        "https://calendar.example/…",
    )
