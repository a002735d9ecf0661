"""``upheld init``: what it writes, ``check`` accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from upheld.cli import main
from upheld.config import load_config
from upheld.policy import load_shipped, shipped

HOSTILE = ["Zoë O'Brien", 'Ann "the boss" Reyes', "yes", "*: &x", "#1", "{{ 7 * 7 }}", "null"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UPHELD_CONFIG", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def upheld(*words: str, exits: int = 0) -> Result:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == exits, done.output + repr(done.exception)
    return done


def test_without_an_answer_it_is_a_site_to_look_around_in() -> None:
    assert "upheld.yaml is written." in upheld("init", "--yes").output
    assert "Everything would work." in upheld("check").output
    assert (
        "C1: Severity 1"
        in upheld("cases", "open", "Nobody can connect", "--from", "pat@customer.example").output
    )


@pytest.mark.parametrize("policy", shipped())
def test_a_site_starts_from_each_policy_that_ships(here: Path, policy: str) -> None:
    upheld("init", "--yes", "--policy", policy)
    assert "Everything would work." in upheld("check").output
    config = load_config(here / "upheld.yaml")
    assert set(load_shipped(policy).roles) <= set(config.roles)
    (customer,) = config.directory().customers.values()
    assert [term.plan for term in customer.plans] == list(load_shipped(policy).plans)[:1]


def test_with_a_mailbox_and_a_pager_the_secrets_are_named_not_asked(here: Path) -> None:
    words = ("--mailbox", "support@acme.example", "--pagerduty", "--mail", "ann@acme.example")
    said = upheld("init", "--yes", *words).output
    assert "export UPHELD_MAIL_PASSWORD=…" in said
    assert "export UPHELD_PAGERDUTY_KEY=…" in said
    config = load_config(here / "upheld.yaml")
    assert config.connections["mailbox"].options["imap"] == "imaps://imap.acme.example"
    assert config.connections["mailbox"].cases_to == "desk"
    missing = upheld("check", exits=3).output
    assert "UPHELD_MAIL_PASSWORD is not set" in missing


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_name_is_it_is_read_back_as_it_was_typed(here: Path, name: str) -> None:
    upheld("init", "--yes", "--name", name, "--customer", name, "--contact", name)
    config = load_config(here / "upheld.yaml")
    assert [person.name for person in config.people.values()] == [name]
    (customer,) = config.directory().customers.values()
    assert (customer.name, customer.contacts[0].name) == (name, name)


def test_a_file_that_is_there_is_left_alone(here: Path) -> None:
    (here / "upheld.yaml").write_text("mine")
    assert "is there already" in upheld("init", "--yes", exits=4).output
    assert (here / "upheld.yaml").read_text() == "mine"
    upheld("init", "--yes", "--force")
    assert load_config(here / "upheld.yaml").site == "support"


def test_a_wrong_answer_writes_nothing(here: Path) -> None:
    refused = upheld("init", "--yes", "--phone", "12", exits=3).output
    assert "country code" in refused
    assert "no policy 'magnolai'" not in refused
    assert not (here / "upheld.yaml").exists()
    upheld("init", "--yes", "--policy", "magnolai", exits=3)


def test_it_may_be_written_elsewhere(here: Path) -> None:
    (here / "etc").mkdir()
    upheld("init", "--yes", "--path", "etc/site.yaml", "--site", "acme-prod")
    assert load_config(here / "etc" / "site.yaml").site == "acme-prod"
