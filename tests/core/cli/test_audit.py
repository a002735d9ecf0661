"""Evidence at the command line: seals, a witness's mail, and a customer's export."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.core.cli.conftest import Terminal
from upheld.clock import SystemClock
from upheld.ledger import Ledger


@pytest.fixture
def sealed(upheld: Terminal) -> Terminal:
    """A site with a case, sealed."""
    upheld.case("Nobody can connect")
    seal(upheld)
    return upheld


def seal(upheld: Terminal) -> None:
    """As the daemon does each minute."""
    url = f"sqlite:///{upheld.folder / 'data' / 'upheld.db'}"
    with Ledger.open(url, site="test") as ledger:
        now = SystemClock().now()
        ledger.retrying(lambda tx: tx.seal(now))


def sql(upheld: Terminal, statement: str) -> None:
    with closing(sqlite3.connect(upheld.folder / "data" / "upheld.db")) as database:
        database.execute(statement)
        database.commit()


def mailed(upheld: Terminal, text: str) -> str:
    """A file in which somebody kept a head."""
    file = upheld.folder / "mail.txt"
    file.write_text(f"On Monday you wrote:\n> {text.replace(chr(10), chr(10) + '> ')}\n", "utf-8")
    return str(file)


def test_before_anything_is_sealed_there_is_no_head(upheld: Terminal) -> None:
    upheld.case()
    assert "nothing was sealed yet" in upheld("audit", "head", exits=5).stderr


def test_a_head_is_printed_for_people_and_for_machines(sealed: Terminal) -> None:
    printed = sealed("audit", "head").stdout
    assert printed.startswith("Upheld seal 1, site test, ")
    found = sealed.json("audit", "head")
    assert found["text"] == printed.rstrip("\n")
    assert (found["number"], found["site"], len(found["head"])) == (1, "test", 64)


def test_verify_reads_back_what_head_printed(sealed: Terminal) -> None:
    witness = mailed(sealed, sealed("audit", "head").stdout)
    told = sealed("audit", "verify", "--witness", witness).stdout
    assert "The witness agrees: what was sealed up to seal 1" in told
    found = sealed.json("audit", "verify", "C1", "--witness", witness)
    assert (found["holds"], found["seals"], found["witnessed"]["seal"]) == (True, 1, 1)


def test_verify_reads_back_the_json_of_head(sealed: Terminal) -> None:
    witness = mailed(sealed, json.dumps(sealed.json("audit", "head")))
    assert sealed.json("audit", "verify", "--witness", witness)["witnessed"]["seal"] == 1


def test_without_a_witness_verify_says_what_it_can_not_know(sealed: Terminal) -> None:
    told = sealed("audit", "verify").stdout
    assert "written anew can't be known from here" in told
    assert sealed.json("audit", "verify")["witnessed"] is None


def test_seals_that_were_made_anew_are_found_by_the_witness(sealed: Terminal) -> None:
    witness = mailed(sealed, sealed("audit", "head").stdout)
    sql(sealed, "DELETE FROM seal")
    sql(sealed, "DELETE FROM leaf")
    sql(sealed, "UPDATE subject SET sealed = 0")
    seal(sealed)
    assert "Every chain holds" in sealed("audit", "verify").stdout
    found = sealed.json("audit", "verify", "--witness", witness, exits=1)
    assert found["holds"] is False
    assert "seal 1 is not the one that was witnessed" in found["faults"][0]["what"]
    assert [fault["case"] for fault in found["faults"]] == [None, "C1"]


def test_a_witness_that_can_not_be_read_is_no_agreement(sealed: Terminal) -> None:
    text = sealed("audit", "head").stdout.replace("Upheld seal 1", "Upheld seal 2")
    wrong = sealed("audit", "verify", "--witness", mailed(sealed, text), exits=3).stderr
    assert "the head of seal 2 is mistyped or cut" in wrong
    none = sealed("audit", "verify", "--witness", mailed(sealed, "hello"), exits=3).stderr
    assert "there is no head of a seal in it" in none
    sealed("audit", "verify", "--witness", "nowhere.txt", exits=3)


def test_an_export_is_checked_where_upheld_is_not(
    sealed: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    witness = mailed(sealed, sealed("audit", "head").stdout)
    folder: Path = tmp_path_factory.mktemp("customer") / "evidence"
    words = ("audit", "export", "--customer", "acme", "--to", str(folder))
    assert "1 cases" in sealed(*words).stdout
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "--witness", witness],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "It holds. What was sealed up to seal 1" in done.stdout
    assert "something in it already" in sealed(*words, exits=4).stderr
    sealed("audit", "export", "--customer", "nobody", "--to", str(folder / "x"), exits=5)


def test_an_export_goes_where_it_is_called_by_itself(
    sealed: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = sealed.json("audit", "export", "--customer", "acme")
    assert (found["folder"], found["cases"], found["seals"]) == ("evidence-acme", 1, 1)
    names = sorted(file.name for file in (tmp_path / "evidence-acme").iterdir())
    assert names == ["README.txt", "evidence.json", "verify.py"]
