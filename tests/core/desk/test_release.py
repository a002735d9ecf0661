"""Quarantine: what a person lets in, what they drop, and that nothing is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.core.desk.scene import ANN, BO, MAILBOX, PAT, Desk, message
from upheld.case.events import Noted
from upheld.desk.intake import CASES_AN_HOUR
from upheld.desk.release import read_again, release, settle
from upheld.errors import Refusal
from upheld.ledger import Fate, Kept
from upheld.plugin import Message, Nature, Notifier, Refused

VACATION = replace(message(PAT, "I am away", text="Back on Monday."), nature=Nature.AUTOMATIC)


def kept(desk: Desk) -> Kept:
    (found,) = desk.kept()
    return found


def released(desk: Desk, found: Kept, mail: Message) -> str:
    return desk.ledger.retrying(lambda tx: release(tx, desk.intake, MAILBOX, found, mail, ANN))


def dropped(desk: Desk, found: Kept, why: str = "spam") -> None:
    now = desk.clock.now()
    desk.ledger.retrying(lambda tx: settle(tx, found, Fate.DROPPED, ANN, why, now))


def notes(desk: Desk, case: str) -> Sequence[tuple[str, str]]:
    return [
        (event.actor.id, event.body.text)
        for event in desk.events(case)
        if isinstance(event.body, Noted)
    ]


def reading(answer: Message | Refused) -> Any:
    """A notifier that reads anything as this."""

    class Reading(Notifier[Any]):
        def __init__(self) -> None:
            self.asked: list[tuple[bytes, datetime]] = []

        def send(self, message: Any, to: Any, key: str) -> Any:
            raise NotImplementedError

        def check(self) -> Any:
            return ()

        def reread(self, raw: bytes, at: datetime) -> Message | Refused:
            self.asked.append((raw, at))
            return answer

    return Reading()


def test_what_looks_automatic_and_is_not_opens_a_case_that_says_who_let_it_in(desk: Desk) -> None:
    desk.take(VACATION)
    assert (desk.cases(), kept(desk).fate) == ([], Fate.REFUSED)
    case = released(desk, kept(desk), VACATION)
    assert [each.id for each in desk.cases()] == [case]
    said = "Released from quarantine, where it was because: automatic mail"
    assert (ANN.id, said) in notes(desk, case)
    after = kept(desk)
    assert (after.fate, after.settled_by, after.settled) == (
        Fate.RELEASED,
        ANN.id,
        desk.clock.now(),
    )
    assert after.raw == VACATION.raw


def test_it_goes_on_with_the_case_in_whose_thread_it_stands(desk: Desk) -> None:
    first = message(PAT)
    desk.take(first)
    answer = replace(VACATION, id="<a@x>", nature=Nature.OURS, thread=(first.id,))
    desk.take(answer)
    assert released(desk, kept(desk), answer) == "C1"
    assert desk.last("customer_message").body.text == "Back on Monday."
    assert len(desk.cases()) == 1


def test_it_comes_in_once_only(desk: Desk) -> None:
    desk.take(VACATION)
    found = kept(desk)
    released(desk, found, VACATION)
    with pytest.raises(Refusal, match=f"{found.number} was released before, by {ANN.id}"):
        released(desk, found, VACATION)
    with pytest.raises(Refusal, match="was released before"):
        dropped(desk, found)
    assert desk.take(VACATION) == [False]
    assert len(desk.cases()) == 1


def test_a_person_may_let_in_more_than_a_machine(desk: Desk) -> None:
    desk.take(*(message(PAT, f"alert {n}") for n in range(CASES_AN_HOUR)))
    one_more = message(PAT, "a real one")
    desk.take(one_more)
    released(desk, kept(desk), one_more)
    assert len(desk.cases()) == CASES_AN_HOUR + 1


def test_what_no_rule_is_for_stays_where_it_is(desk: Desk) -> None:
    ours = replace(message(BO, "Our own"), nature=Nature.OURS)
    desk.take(ours)
    found = kept(desk)
    with pytest.raises(Refusal, match="the policy has no rule for mail from staff"):
        released(desk, found, ours)
    assert kept(desk) == found
    assert desk.cases() == []


def test_under_the_id_of_another_mail_it_comes_in_under_its_own(desk: Desk) -> None:
    """Refused mail is kept by its hash; its Message-ID may have come since, with a mail that could
    be taken."""
    taken = message(PAT, "The one that could be taken")
    desk.take(Refused("sha256:1", "it has 61 parts", b"raw"), taken)
    again = replace(taken, subject="The one that was refused")
    case = released(desk, kept(desk), again)
    assert case == "C2"
    assert [each.title for each in desk.cases()].count("The one that was refused") == 1


def test_refused_mail_is_read_once_more_with_the_time_at_which_it_came(desk: Desk) -> None:
    desk.take(Refused("sha256:1", "it has 61 parts", b"raw"))
    plugin = reading(VACATION)
    assert read_again(kept(desk), plugin) == VACATION
    assert plugin.asked == [(b"raw", desk.clock.as_datetime())]


def test_what_still_can_not_be_read_says_why(desk: Desk) -> None:
    desk.take(Refused("sha256:1", "two senders", b"raw"))
    plugin = reading(Refused("sha256:1", "two senders", b"raw"))
    with pytest.raises(Refusal, match="can't be taken still: two senders") as caught:
        read_again(kept(desk), plugin)
    assert "upheld cases open" in (caught.value.do_next or "")


def test_a_plugin_that_reads_nothing_twice_says_so(desk: Desk) -> None:
    class Mute(Notifier[Any]):
        name = "mute"

        def __init__(self) -> None:
            pass

        def send(self, message: Any, to: Any, key: str) -> Any:
            raise NotImplementedError

        def check(self) -> Any:
            return ()

    desk.take(Refused("m1", "x", b"raw"))
    with pytest.raises(Refusal, match="mute reads nothing twice"):
        read_again(kept(desk), Mute())


def test_an_item_of_a_tracker_is_no_message(desk: Desk) -> None:
    desk.take(Refused("m1", "x", b"raw"))
    tracker: Any = object()
    with pytest.raises(Refusal, match="is no message, but an item of mailbox"):
        read_again(kept(desk), tracker)


def test_who_was_referred_elsewhere_was_answered(desk: Desk) -> None:
    desk.take(message("stranger@home.example"))
    found = kept(desk)
    assert found.fate is Fate.REFERRED
    with pytest.raises(Refusal, match=r"stranger@home\.example was referred elsewhere"):
        read_again(found, reading(VACATION))


def test_what_is_dropped_stays_on_record_with_who_and_why(desk: Desk) -> None:
    desk.take(VACATION)
    dropped(desk, kept(desk), "spam")
    after = kept(desk)
    assert (after.fate, after.settled_by, after.settled_why) == (Fate.DROPPED, ANN.id, "spam")
    assert after.raw == VACATION.raw
    with pytest.raises(Refusal, match="was dropped before"):
        released(desk, after, VACATION)
    assert desk.cases() == []
