"""A share of the mutated mails; 20,000 of them by ``python benchmarks/mail.py --mutated 20000``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.email.fuzz import mails, played
from upheld.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        yield ledger


def test_every_mutated_mail_is_somewhere(ledger: Ledger, tmp_path: Path) -> None:
    tally = played(ledger, tmp_path, 120, seed=7)
    assert tally.sound, tally
    assert tally.fetched == 120
    assert min(tally.fates.values()) > 10, "both fates are met"
    assert tally.longest < 10


def test_the_same_seed_makes_the_same_mails() -> None:
    assert list(mails(40, seed=3)) == list(mails(40, seed=3))
    assert list(mails(40, seed=3)) != list(mails(40, seed=4))
