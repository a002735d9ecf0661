"""``upheld connections describe``, and a plugin's own name in short for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld_remedy.simulator import RemedySimulator

DESK = "  desk: {plugin: builtin}\n"
FORM = "HPD:WorkLog"


@pytest.fixture
def server(edit: Change, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemedySimulator]:
    with RemedySimulator(lambda: datetime.now(UTC)) as server:
        monkeypatch.setenv("AR_PASSWORD", server.password)
        edit(DESK, DESK + connection("ar", server))
        yield server


def connection(name: str, server: RemedySimulator) -> str:
    where = f"url: '{server.url}', user: {server.user}, password: {{env: AR_PASSWORD}}"
    return f"  {name}: {{plugin: remedy, {where}}}\n"


@pytest.mark.parametrize("words", [["connections", "describe", "ar"], ["remedy", "describe"]])
def test_a_form_is_described(upheld: Terminal, server: RemedySimulator, words: list[str]) -> None:
    assert "z2AF Work Log01" in upheld(*words, FORM).output
    rows = upheld.json(*words, FORM)
    assert {"name": "Description", "id": "8", "type": "CHAR", "option": "OPTIONAL"} in rows
    assert server.sessions.open == 0


def test_what_the_far_end_says_is_told(upheld: Terminal, server: RemedySimulator) -> None:
    assert "ARERR 303" in upheld("remedy", "describe", "HPD:Nothing", exits=1).stderr


def test_of_several_one_must_be_named(
    upheld: Terminal, server: RemedySimulator, edit: Change
) -> None:
    edit(DESK, DESK + connection("other", server))
    told = upheld("remedy", "describe", FORM, exits=5).stderr
    assert "there are several" in told
    assert "other" in told
    assert upheld.json("connections", "describe", "other", FORM)


def test_a_connection_that_there_is_not(upheld: Terminal) -> None:
    assert "desk" in upheld("connections", "describe", "nothing", "x", exits=5).stderr
    assert "there is no connection" in upheld("remedy", "describe", "x", exits=5).stderr


def test_a_plugin_that_has_nothing_to_describe(upheld: Terminal) -> None:
    assert "nothing to describe" in upheld("connections", "describe", "desk", "x", exits=1).stderr
    assert "No such command" in upheld("builtin", "describe", "x", exits=2).stderr


def test_the_urls_of_heartbeats(
    upheld: Terminal, edit: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, to be copied: in a table, and for machines."""
    monkeypatch.setenv("JOBS_SECRET", "a-secret-of-the-jobs")
    edit(DESK, f"{DESK}  jobs: {{plugin: heartbeat, secrets: {{env: JOBS_SECRET}}}}\n")
    words = ("connections", "describe", "jobs", "acme-backup,acme-mirror")
    rows = upheld.json(*words)
    assert [row["monitor"] for row in rows] == ["acme-backup", "acme-mirror"]
    assert rows[0]["url"].startswith("/hooks/jobs/acme-backup/")
    shown = upheld(*words).output
    assert [row["url"] for row in rows if f"{row['url']} " not in shown] == []
    assert "a-secret-of-the-jobs" not in shown
