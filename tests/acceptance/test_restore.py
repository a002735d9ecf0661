"""A copy never speaks; and a night-old backup is restored without anything told twice or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.story import PAT, RAY, Story
from tests.night import BEATS, EXPECTED
from upheld.calendar.instant import MINUTE, parse
from upheld.dispatch.doubt import Doubt, doubt
from upheld.ledger import DeliveryState, OutboxState
from upheld.ledger.backup import back_up
from upheld.ledger.restore import restore
from upheld.testing.stage import START, Got, Stage

#: Minutes into the demo's story: the backup, what comes in after it, when the machine is lost.
BACKUP, RAY_WRITES, PAT_ADDS, LOST, CLOSED, END = 30, 50, 70, 130, 260, 400
INVOICE = "Our invoice is wrong"


def play(stage: Stage, since: int, until: int) -> None:
    """What the people of the demo do between two minutes of it, and what comes of it."""
    for beat in BEATS:
        if since <= beat.minute < until:
            forward(stage, beat.minute)
            beat.act(stage)
            stage.settle()
    forward(stage, until)


def forward(stage: Stage, minute: int) -> None:
    stage.forward_to(parse(START) + minute * MINUTE)


def take_backup(stage: Stage) -> Path:
    file = stage.folder / "night.backup"
    back_up(stage.site.config.database_url(), file)
    return file


@contextmanager
def nobody_runs(stage: Stage) -> Iterator[None]:
    """The daemon is stopped; afterwards a new one runs on what is there then."""
    stage.daemon.close()
    stage.site.close()
    yield
    stage.restart()


def bring_back(stage: Stage, file: Path) -> None:
    """The backup in the place of what is there. A daemon reads and decides, and sends nothing."""
    before = stage.got()
    with nobody_runs(stage):
        url, now = stage.site.config.database_url(), stage.clock.now()
        restore(file, url, folder=stage.folder, actor="ann", now=now, force=True)
    stage.settle()
    assert stage.got() == before


def resume(stage: Stage) -> Doubt:
    """Let it go again; what was in doubt then."""
    ways = {live.name: live.abilities for live in stage.daemon.lives}
    with stage.site.ledger.reading() as tx:
        found = doubt(tx, ways)
    assert stage.site.ledger.resume("ann", stage.clock.now())
    stage.settle()
    return found


def mails(stage: Stage) -> Counter[tuple[str, str, str]]:
    """Every mail that any mailbox got, by recipient, subject and Message-ID."""
    return Counter((got.to, got.what, got.key) for got in stage.got() if got.channel == "mail")


def rung(stage: Stage) -> Counter[str]:
    """How often each page rang: a repeat on an open incident notifies nobody."""
    return Counter(incident.dedup_key for incident in stage.pager.incidents)


def missing(got: list[Got]) -> list[str]:
    """What the story promises and never came."""
    left, lacking = list(got), []
    for expected in EXPECTED:
        found = next((each for each in left if expected.is_(each)), None)
        if found is None:
            lacking.append(f"minute {expected.minute}: {expected.says}")
        else:
            left.remove(found)
    return lacking


@pytest.fixture
def stage(tmp_path: Path, database: str | None) -> Iterator[Stage]:
    with Stage(tmp_path, database=database) as stage:
        yield stage


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stage]:
    """The same on SQLite alone."""
    with Stage(tmp_path) as stage:
        yield stage


# --- copied -----------------------------------------------------------------------------------------


def test_a_copy_under_another_name_decides_and_sends_nothing(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database) as original:
        play(original, 0, BACKUP)
    named = {"site": "rehearsal"}
    with Stage(tmp_path, database=database, config=named) as copy:
        forward(copy, 130)
        assert copy.got() == []
        with copy.site.ledger.reading() as tx:
            planned = {item.purpose for item in tx.items(states=(OutboxState.PLANNED,))}
    assert planned >= {"page", "call", "status"}, "it would have had something to say"


# --- restored ---------------------------------------------------------------------------------------


def test_a_night_old_backup_doubles_nothing_and_misses_nothing(stage: Stage) -> None:
    play(stage, 0, BACKUP)
    night = take_backup(stage)
    play(stage, BACKUP, RAY_WRITES)
    stage.mail.write(RAY, INVOICE, "Since March.")
    play(stage, RAY_WRITES, PAT_ADDS)
    first = stage.mail.inbox(stage.mail.address)[0]["Message-ID"]
    stage.mail.write(PAT, "Re: Nobody can connect", "Still nobody.", in_reply_to=first)
    play(stage, PAT_ADDS, LOST)
    bring_back(stage, night)
    found = resume(stage)
    play(stage, LOST, END)

    assert missing(stage.got()) == []
    assert set(mails(stage).values()) == set(rung(stage).values()) == {1}
    assert len(mails(stage)) == sum(each.channel == "mail" for each in EXPECTED) + 1
    assert (found.looked_up, found.repeated, found.asked) == (2, 2, 0)
    with stage.site.ledger.reading() as tx:
        assert tx.dead_letters() == []
        assert tx.in_flight() == {}
        assert tx.verify_all() == []
        assert [(case.id, case.title) for case in tx.cases()][:2] == [
            ("C1", "Nobody can connect"),
            ("C2", INVOICE),
        ]


def test_mail_since_the_backup_is_read_again_into_its_cases(small: Stage) -> None:
    play(small, 0, BACKUP)
    night = take_backup(small)
    small.mail.write(RAY, INVOICE, "Since March.")
    small.settle()
    (answer,) = small.mail.sent_to(RAY)
    small.mail.write(RAY, "Re: it", "April too.", in_reply_to=str(answer.message["Message-ID"]))
    small.settle()
    bring_back(small, night)
    resume(small)
    with small.site.ledger.reading() as tx:
        said = [
            event.kind for event in tx.events("C2") if event.kind in {"opened", "customer_message"}
        ]
    assert said == ["opened", "customer_message"]
    assert len(small.mail.sent_to(RAY)) == 1


def test_a_gap_keeps_two_cases_under_one_number_apart(stage: Stage) -> None:
    """Since the backup Ray's came by mail as C2. Pat's by telephone is entered again before it is read."""
    play(stage, 0, BACKUP)
    night = take_backup(stage)
    stage.mail.write(RAY, INVOICE, "Since March.")
    stage.settle()
    (answer,) = stage.mail.sent_to(RAY)
    with nobody_runs(stage):
        url, now = stage.site.config.database_url(), stage.clock.now()
        restore(night, url, folder=stage.folder, actor="ann", now=now, force=True, gap=100)
    stage.mail.write(RAY, "Re: it", "April too.", in_reply_to=str(answer.message["Message-ID"]))
    phoned = Story(stage).phoned("A question", 3)
    resume(stage)
    with stage.site.ledger.reading() as tx:
        titles = {case.id: case.title for case in tx.cases()}
    assert titles.pop("C1") == "Nobody can connect"
    assert titles.pop(phoned) == "A question"
    assert set(titles.values()) == {INVOICE, "Re: it"}, "an answer to C2 is none to Pat's case"
    assert {phoned, *titles} == {"C102", "C103", "C104"}


def test_a_message_that_never_went_out_goes_out_after_the_restore(small: Stage) -> None:
    """Nobody was there from the backup on: nothing is found, so everything is sent."""
    play(small, 0, BACKUP)
    night = take_backup(small)
    small.clock.forward_to(parse(START) + LOST * MINUTE)
    bring_back(small, night)
    resume(small)
    late = [got for got in small.got() if got.at == small.clock.now()]
    assert Counter((got.channel, got.to) for got in late) == {
        ("mail", PAT): 1,
        ("page", "ann"): 1,  # she acknowledged it, and nobody works on it
        ("page", "vera"): 1,
        ("voice", "+12025550111"): 1,
    }


def test_a_page_that_was_resolved_since_rings_again_rather_than_never(small: Stage) -> None:
    play(small, 0, BACKUP)
    night = take_backup(small)
    play(small, BACKUP, CLOSED)
    bring_back(small, night)
    resume(small)
    assert {key.rpartition(">")[2]: times for key, times in rung(small).items()}["vera"] == 2


def test_what_a_person_drops_before_the_resume_stays_unsaid(small: Stage) -> None:
    play(small, 0, BACKUP)
    night = take_backup(small)
    play(small, BACKUP, CLOSED)
    bring_back(small, night)
    before = small.got()
    ledger = small.site.ledger
    with ledger.reading() as tx:
        waiting = [item.key for item in tx.items(states=(OutboxState.PLANNED,))]
    ledger.retrying(lambda tx: tx.drop(waiting, reason="it was over", actor="ann"))
    resume(small)
    # The case is open and unworked here, so whoever acknowledged it is reminded; nothing else is said.
    assert [(got.channel, got.to) for got in small.got() if got not in before] == [("page", "ann")]
    with ledger.reading() as tx:
        assert {each.state for each in tx.deliveries(states=(DeliveryState.DEAD,))} == set()
