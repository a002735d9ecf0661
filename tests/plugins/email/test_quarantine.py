"""`upheld mail quarantine`, over mail as it was kept: nothing needs a network for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import CONFIG, Terminal
from tests.plugins.email.corpus import OUR, plain
from upheld.ledger import Ledger

MAILBOX = """\
  mailbox:
    plugin: email
    address: support@magnolia.example
    imap: imaps://imap.magnolia.example
    smtp: smtps://smtp.magnolia.example
    password: {env: MAIL_PASSWORD}
"""
VACATION = plain("Auto-Submitted: auto-replied", body="Nothing goes out.\n").encode()
TWO_SENDERS = plain("From: eve@evil.example").encode()
NOBODYS = f"From: someone@home.example\nTo: {OUR}\nSubject: Help\n\nHello\n".encode()


@pytest.fixture
def upheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("MAIL_PASSWORD", "open-sesame")
    config = tmp_path / "upheld.yaml"
    config.write_text(CONFIG.replace("customers_hear_by", f"{MAILBOX}customers_hear_by"))
    terminal = Terminal(tmp_path, config)
    terminal("db", "upgrade")
    return terminal


def keep(upheld: Terminal, raw: bytes, reason: str, connection: str = "mailbox") -> str:
    """Kept as intake keeps it; its number."""
    url = f"sqlite:///{upheld.folder / 'data' / 'upheld.db'}"
    with Ledger.open(url, site="test") as ledger, ledger.transaction() as tx:
        tx.quarantine(connection, reason, reason, raw, 0, sender="x", title="x")
        return str(tx.kept()[-1].number)


def test_a_release_opens_a_case_and_says_who_did_it(upheld: Terminal) -> None:
    number = keep(upheld, VACATION, "automatic mail")
    done = upheld.json("mail", "quarantine", "release", number, "--as", "bo")
    shown = upheld.json("cases", "show", done["case"])
    assert shown["title"] == "Hello"
    assert "Released from quarantine" in str(shown)
    assert upheld.json("mail", "quarantine", "list") == []
    (kept,) = upheld.json("mail", "quarantine", "list", "--all")
    assert (kept["fate"], kept["settled_by"]) == ("released", "bo")


def test_what_can_not_be_read_still_stays_and_says_why(upheld: Terminal) -> None:
    number = keep(upheld, TWO_SENDERS, "it has 2 From headers")
    done = upheld("mail", "quarantine", "release", number, "--as", "bo", exits=4)
    assert "it has 2 From headers: nobody can say who wrote it" in done.output
    assert len(upheld.json("mail", "quarantine", "list")) == 1


def test_a_release_for_whom_no_rule_is_there_changes_nothing(upheld: Terminal) -> None:
    number = keep(upheld, plain(frm="bo@magnolia.example").encode(), "ours mail")
    done = upheld("mail", "quarantine", "release", number, "--as", "bo", exits=4)
    assert "no rule for mail from staff" in done.output
    assert upheld.json("mail", "quarantine", "list")[0]["settled"] is None


def test_a_drop_stays_on_record_with_who_and_why(upheld: Terminal) -> None:
    number = keep(upheld, VACATION, "automatic mail")
    upheld("mail", "quarantine", "drop", number, "--reason", " ", "--as", "ann", exits=4)
    said = upheld("mail", "quarantine", "drop", number, "--reason", "out of office", "--as", "ann")
    assert said.stdout == f"{number} is dropped.\n"
    listed = upheld("mail", "quarantine", "list", "--fate", "dropped").stdout
    assert "dropped by ann" in listed
    assert "out of office" in listed
    assert upheld("mail", "quarantine", "show", number, "--raw").stdout_bytes == VACATION
    upheld("mail", "quarantine", "release", number, "--as", "bo", exits=4)


def test_a_person_must_be_named(upheld: Terminal) -> None:
    number = keep(upheld, VACATION, "automatic mail")
    upheld("mail", "quarantine", "release", number, "--as", "nobody", exits=4)
    assert upheld.json("mail", "quarantine", "list")[0]["fate"] == "refused"


def test_what_is_not_there_is_said(upheld: Terminal) -> None:
    upheld("mail", "quarantine", "release", "99", "--as", "bo", exits=5)
    upheld("mail", "quarantine", "drop", "99", "--reason", "x", "--as", "bo", exits=5)
    number = keep(upheld, VACATION, "automatic mail", connection="gone")
    said = upheld("mail", "quarantine", "release", number, "--as", "bo", exits=5).output
    assert "there is no connection 'gone' any more" in said
