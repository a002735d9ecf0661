"""`upheld webhooks register`: a far end is to call when something changes."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.plugin import Ability
from upheld_builtin.adapter import Builtin

SITE = "site: test\n"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The built-in tracker takes webhooks, and notes where it is to call."""
    urls: list[str] = []

    def subscribe(_self: Builtin, url: str) -> str:
        urls.append(url)
        return f"it calls {url}"

    monkeypatch.setattr(Builtin, "abilities", Builtin.abilities | {Ability.RECEIVE})
    monkeypatch.setattr(Builtin, "subscribe", subscribe)
    return urls


def test_it_is_told_where_to_call(upheld: Terminal, edit: Change, called: list[str]) -> None:
    edit(SITE, f"{SITE}web: {{url: 'https://desk.example/'}}\n")
    said = upheld("webhooks", "register", "desk")
    assert called == ["https://desk.example/hooks/desk"]
    assert "it calls" in said.stdout


def test_without_an_address_nobody_is_told(upheld: Terminal, called: list[str]) -> None:
    said = upheld("webhooks", "register", "desk", exits=4)
    assert "web: {url" in said.stderr
    assert called == []


@pytest.mark.parametrize("name", ["nosuch", "paper"])
def test_who_takes_no_webhooks_is_told_so(upheld: Terminal, edit: Change, name: str) -> None:
    edit(SITE, f"{SITE}web: {{url: 'https://desk.example/'}}\n")
    said = upheld("webhooks", "register", name, exits=5 if name == "nosuch" else 4)
    assert name in said.stderr
