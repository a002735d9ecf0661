"""A hundred mails, each with what becomes of it: fetched = cases + notes + kept, and nothing raises.

``corpus/fates.tsv`` is the table. They come in by IMAP, in order, into a desk with customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.core.desk.scene import Desk
from tests.plugins.email.conftest import settings
from tests.plugins.email.corpus import TOKENS
from upheld.ledger import Fate, Ledger
from upheld.plugin import Inbound, Message, Receipt, Refused
from upheld.testing import make_context
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

CORPUS: Final = Path(__file__).with_name("corpus")
MAILS: Final = sorted(CORPUS.glob("*.eml"))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``fate``: opens, turn, note, again, referred, or refused and why."""

    mail: str
    fate: str
    nature: str
    verified: bool
    says: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail: the item that was read, its fate, and the words that came of it."""

    item: Inbound
    fate: str
    text: str = ""


def table() -> Iterator[Row]:
    for line in (CORPUS / "fates.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            mail, fate, nature, verified, says = (*line.split("\t"), "")[:5]
            yield Row(mail, fate, nature, verified == "yes", says)


ROWS: Final = tuple(table())


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path_factory.mktemp('fates') / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        yield ledger


@pytest.fixture(scope="module")
def outcomes(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Every mail of the corpus, delivered, fetched and taken in, in order."""
    desk = Desk(ledger)
    clock = desk.clock.as_datetime
    with (
        make_context(tmp_path_factory.mktemp("mail"), clock, "mailbox") as context,
        MailSimulator(clock) as far,
    ):
        context.vault.setdefault("thread-key", TOKENS.key.hex())
        for mail in MAILS:
            far.deliver(mail.read_bytes())
        with closing(Email(settings(far), context)) as mailbox:
            items = fetched(mailbox)
    mails = [item for item in items if not isinstance(item, Receipt)]  # a bounce is two items
    return {mail.name: taken(desk, item) for mail, item in zip(MAILS, mails, strict=True)}


def fetched(mailbox: Email) -> list[Inbound]:
    items: list[Inbound] = []
    cursor, more = None, True
    while more:
        page = mailbox.pull(cursor)
        items += page.items
        cursor, more = page.cursor, page.more
    return items


def taken(desk: Desk, item: Inbound) -> Outcome:
    """What there is after an item that was not there before."""
    before = len(desk.cases()), len(desk.kept()), spoken(desk)
    desk.take(item)
    cases, kept, said = desk.cases(), desk.kept(), spoken(desk)
    if len(kept) > before[1]:
        last = kept[-1]
        return Outcome(item, "referred" if last.fate is Fate.REFERRED else last.reason)
    if len(cases) > before[0]:
        newest = max(cases, key=lambda case: int(case.id[1:]))
        opened = desk.events(newest.id)[0]
        return Outcome(item, "opens", getattr(opened.body, "text", ""))
    new = said[len(before[2]) :]
    return Outcome(item, *new[0]) if new else Outcome(item, "again")


def spoken(desk: Desk) -> list[tuple[str, str]]:
    """The turns and notes of C1."""
    names = {"customer_message": "turn", "noted": "note"}
    if not desk.cases():
        return []
    return [
        (names[event.body.kind], getattr(event.body, "text", ""))
        for event in desk.events("C1")
        if event.body.kind in names and event.origin == "fact"
    ]


def test_the_table_has_a_line_for_every_mail_and_no_other() -> None:
    assert [row.mail for row in ROWS] == [mail.name for mail in MAILS]
    assert len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mail)
def test_what_becomes_of_it(outcomes: dict[str, Outcome], row: Row) -> None:
    outcome = outcomes[row.mail]
    wanted = row.fate.removeprefix("refused: ")
    assert wanted in outcome.fate if row.fate.startswith("refused") else wanted == outcome.fate
    if row.says:
        assert row.says in outcome.text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mail)
def test_what_it_is(outcomes: dict[str, Outcome], row: Row) -> None:
    item = outcomes[row.mail].item
    if row.nature == "-":
        assert isinstance(item, Refused)
        assert item.raw == (CORPUS / row.mail).read_bytes()
    else:
        assert isinstance(item, Message)
        assert (item.nature.value, item.verified) == (row.nature, row.verified)


def test_nothing_disappears(outcomes: dict[str, Outcome], ledger: Ledger) -> None:
    """fetched = cases + turns and notes + kept + repeats, counted on both sides."""
    desk = Desk(ledger)
    counted = Counter(
        outcome.fate if outcome.fate in {"opens", "turn", "note", "again"} else "kept"
        for outcome in outcomes.values()
    )
    assert counted["opens"] == len(desk.cases())
    assert counted["turn"] + counted["note"] == len(spoken(desk))
    assert counted["kept"] == len(desk.kept())
    assert counted.total() == len(MAILS)
    assert not [each for each in desk.kept() if "could not be taken" in each.reason]


def test_a_file_never_leads_out_of_its_folder(outcomes: dict[str, Outcome]) -> None:
    names = [
        file.name
        for outcome in outcomes.values()
        if isinstance(outcome.item, Message)
        for file in outcome.item.attachments
    ]
    assert "evil" in names
    assert [name for name in names if "/" in name or "\\" in name or not name.isprintable()] == []
    assert max(map(len, names)) <= 255


def test_thirty_megabytes_are_kept_by_their_beginning(tmp_path: Path, ledger: Ledger) -> None:
    desk = Desk(ledger)
    head = b"From: pat@acme.example\r\nMessage-ID: <big@acme.example>\r\n\r\n"
    with (
        make_context(tmp_path, desk.clock.as_datetime, "mailbox") as context,
        MailSimulator(desk.clock.as_datetime) as far,
        closing(Email(settings(far, timeout=20), context)) as mailbox,
    ):
        far.deliver(head + b"x" * 30_000_000)
        (item,) = mailbox.pull(None).items
    assert isinstance(item, Refused)
    assert item.reason == f"it has {30_000_000 + len(head)} bytes, and 26214400 are taken"
    assert item.raw.startswith(head)
    assert len(item.raw) < 100_000
