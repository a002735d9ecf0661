"""Intake: fetched = cases + notes + kept. Nothing is lost, and nothing is taken twice."""

from __future__ import annotations

import io
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.desk.scene import (
    ANN,
    BO,
    MAILBOX,
    NOBODY,
    NOW,
    PAT,
    RAY,
    UTA,
    Desk,
    broken,
    message,
)
from upheld.calendar.instant import DAY, HOUR, moment
from upheld.case.events import Actor, CustomerMessage, Noted, Opened, PublicReply, Side
from upheld.case.state import Status
from upheld.desk.handed_in import handed_in
from upheld.desk.intake import CASES_AN_HOUR, Source
from upheld.ledger import Fate, Ledger
from upheld.plugin import (
    Address,
    Attachment,
    Channel,
    Health,
    Message,
    Nature,
    Reading,
    Ref,
    Refused,
    Touched,
)

OUR = "support@magnolia.example"

# --- what opens a case ----------------------------------------------------------------------------


def test_a_partners_mail_opens_a_case(desk: Desk) -> None:
    (news,) = desk.take(message(PAT, "Slow", text="Since noon."))
    (case,) = desk.cases()
    body = desk.events()[0].body
    assert news
    assert isinstance(body, Opened)
    assert (case.title, case.customer, body.text) == ("Slow", "acme", "Since noon.")
    assert (body.reporter, body.reporter_name, body.connection) == (PAT, "Pat Lin", "mailbox")
    assert body.enforced_from == NOW


def test_whoever_writes_from_a_customers_domain_opens_one(desk: Desk) -> None:
    assert desk.case(desk.opened("newcomer@acme.example")).customer == "acme"


def test_the_same_message_again_changes_nothing(desk_on_both: Desk) -> None:
    mail = message(PAT)
    assert desk_on_both.take(mail, mail) == [True, False]
    assert desk_on_both.take(mail) == [False]
    assert len(desk_on_both.cases()) == 1


def test_another_message_under_the_same_id_is_not_lost(desk_on_both: Desk) -> None:
    """A scanner that numbers nothing. That it is known again holds across restarts."""
    desk = desk_on_both
    one = message(PAT, id="<scanner@test>", digest="one")
    two = replace(one, subject="Another thing", digest="two")
    assert desk.take(one, two, one) == [True, True, False]
    assert desk.take(two, one) == [False, False]
    assert {case.title for case in desk.cases()} == {one.subject, "Another thing"}


def test_a_message_of_which_only_the_id_is_known_is_the_same(desk: Desk) -> None:
    """It came in before messages had a digest."""
    one = message(PAT)
    desk.take(one)
    assert desk.take(replace(one, digest="one")) == [False]


ALIKE = ("mailbox", "sales")
SUPPORT, SALES = replace(MAILBOX, alike=ALIKE), Source("sales", "email", alike=ALIKE)


def test_a_mail_to_two_of_our_mailboxes_is_one_case(desk_on_both: Desk) -> None:
    desk, mail = desk_on_both, message(PAT, digest="one")
    desk.take(mail, source=SUPPORT)
    assert desk.take(mail, source=SALES) == [True]
    assert len(desk.cases()) == 1
    assert "customer_message" not in desk.kinds()


def test_a_verb_that_comes_by_two_mailboxes_is_done_once(desk: Desk) -> None:
    case = desk.opened(PAT)
    verb = message(BO, text="#assign bo", thread=(f"token:{case}",), digest="verb")
    desk.take(verb, source=SUPPORT)
    desk.take(verb, source=SALES)
    assert desk.kinds().count("assigned") == 1


def test_an_answer_to_the_other_mailbox_finds_its_case_and_is_one_turn(desk: Desk) -> None:
    first = message(PAT)
    desk.take(first, source=SUPPORT)
    answer = message(PAT, text="It is the second one.", thread=(first.id,), digest="answer")
    desk.take(answer, source=SALES)
    desk.take(answer, source=SUPPORT)
    assert desk.kinds().count("customer_message") == 1


def test_what_differs_between_two_mailboxes_is_on_record_from_both(desk: Desk) -> None:
    first = message(PAT)
    desk.take(first, source=SUPPORT)
    answer = message(PAT, text="Here.", thread=(first.id,), digest="answer")
    longer = replace(answer, text="Here.\n\nA footer.", digest="longer")
    desk.take(answer, source=SUPPORT)
    desk.take(longer, source=SALES)
    assert desk.kinds().count("customer_message") == 2


def test_a_number_means_something_on_its_own_connection_alone(desk: Desk) -> None:
    """`sender:…` of one mailbox is no conversation of another."""
    desk.take(message(PAT, thread=("sender:x",)), source=SUPPORT)
    with desk.ledger.transaction() as tx:
        tx.bind_thread("mailbox", "sender:x", "C1")
    desk.take(message(PAT, thread=("sender:x",)), source=SALES)
    assert len(desk.cases()) == 2


def test_a_case_goes_to_the_tracker_that_the_connection_names(desk: Desk) -> None:
    desk.take(message(PAT), source=replace(MAILBOX, cases_to="jira"))
    with desk.ledger.reading() as tx:
        assert next(item.connection for item in tx.items(subject="C1")) == "jira"


def test_what_is_older_than_adopt_from_is_read_but_not_enforced(desk: Desk) -> None:
    old = message(PAT, "Nobody can connect", at=moment(NOW - 2 * DAY))
    desk.take(old, source=replace(MAILBOX, adopt_from=NOW - DAY))
    with desk.ledger.reading() as tx:
        assert tx.items(subject="C1", states=()) == []
    assert desk.state().enforced_from is None


def test_a_server_whose_clock_runs_ahead_dates_nothing_into_the_future(desk: Desk) -> None:
    desk.take(message(PAT, at=moment(NOW + DAY)))
    assert desk.events()[0].at == NOW


def test_a_flood_from_one_sender_is_kept_not_opened(desk: Desk) -> None:
    desk.take(*(message(PAT, f"alert {n}") for n in range(CASES_AN_HOUR + 2)))
    assert len(desk.cases()) == CASES_AN_HOUR
    assert [kept.reason for kept in desk.kept()] == [
        f"more than 20 new cases from {PAT} in an hour"
    ] * 2
    assert desk.take(message(RAY)) == [True]
    desk.clock.forward(hours=1)
    desk.take(message(PAT, at=desk.clock.as_datetime()))
    assert len(desk.cases()) == CASES_AN_HOUR + 2


def file(name: str, size: int) -> Attachment:
    return Attachment("1", name, "text/plain", size, io.BytesIO)


def test_files_are_named_on_the_case(desk: Desk) -> None:
    """They lie in the mailbox; nobody has to guess that there are some."""
    mail = message(PAT, text="See the log.\n", attachments=(file("a.log", 12_345), file("b", 7)))
    desk.take(mail)
    assert desk.state().opened.text == "See the log.\n\n[files: a.log (12 KB), b (7 bytes)]\n"
    many = tuple(file(f"f{number}", 1) for number in range(23))
    desk.take(message(PAT, text="More.", thread=(mail.id,), attachments=many))
    text = desk.last("customer_message").body.text
    assert text.startswith("More.\n\n[files: f0 (1 bytes), f1 (1 bytes)")
    assert text.endswith("f19 (1 bytes), 3 more]\n")


def test_files_of_an_unproven_sender_and_of_a_machine_are_named_too(desk: Desk) -> None:
    mail = message(PAT)
    given: dict[str, Any] = {"thread": (mail.id,), "attachments": (file("a.log", 1),)}
    desk.take(mail, message(NOBODY, **given))
    assert "[files: a.log (1 bytes)]" in desk.last("noted").body.text
    desk.take(message(PAT, nature=Nature.AUTOMATIC, **given))
    assert "[files: a.log (1 bytes)]" in desk.last("noted").body.text


# --- what one of ours hands in -------------------------------------------------------------------

FORWARDED = (
    "#open Pat@acme.example\n\n---------- Forwarded message ---------\nFrom: Pat\n\nIt is slow.\n"
)


def test_what_reached_one_of_ours_is_handed_in_for_the_customer(desk: Desk) -> None:
    desk.take(message(BO, "Fwd: slow", text=FORWARDED))
    (case,) = desk.cases()
    body = desk.events()[0].body
    assert isinstance(body, Opened)
    assert (case.customer, body.reporter, body.reporter_name) == ("acme", PAT, "Pat Lin")
    assert body.text.endswith("It is slow.\n")
    assert "#open" not in body.text
    assert desk.last("noted").body == Noted(f"[handed in by Bo Lindt for {PAT}]")
    assert desk.last("noted").actor == Actor("bo", Side.STAFF)
    with desk.ledger.reading() as tx:
        (answer,) = (item for item in tx.items() if item.purpose == "answer")
    assert (answer.to, answer.facts["text"]) == (
        ("bo",),
        f"#open: C1, handed in by Bo Lindt for {PAT}",
    )


@pytest.mark.parametrize(
    "written",
    [
        "pat@acme.example",
        "<pat@acme.example>",
        "pat@acme.example<mailto:pat@acme.example>",
        "pat@acme.example <mailto:pat@acme.example>",
        "Pat Lin <pat@acme.example>",
        "Pat Lin <pat@acme.example<mailto:pat@acme.example>>",
        '"Lin, Pat" <pat@acme.example>;',
        "pat@acme.example.",
    ],
)
def test_an_address_is_read_as_programs_write_it(desk: Desk, written: str) -> None:
    desk.take(message(BO, text=f"#open {written}\nIt is slow.\n"))
    assert len(desk.cases()) == 1
    assert desk.state().opened.reporter == PAT


@pytest.mark.parametrize(
    ("sender", "text", "given", "why"),
    [
        (BO, FORWARDED, {"verified": False}, "not proven to be from Bo Lindt"),
        (NOBODY, FORWARDED, {}, None),
        (
            BO,
            "#open someone@nowhere.example\n",
            {},
            "someone@nowhere.example, which is no customer's",
        ),
        (BO, "#open\n", {}, "no address behind it"),
        (BO, "#open Pat please\n", {}, "no address behind it"),
        (BO, f"#open {PAT} and {RAY}\n", {}, "no address behind it"),
        (BO, f"Please\n{FORWARDED}", {}, "no rule for mail from staff"),
        (BO, "#opening hours\n", {}, "no rule for mail from staff"),
    ],
)
def test_nobody_else_hands_in_and_for_nobody_else(
    desk: Desk, sender: str, text: str, given: dict[str, Any], why: str | None
) -> None:
    """The customer waits: whoever looks into quarantine reads why, and what to do."""
    desk.take(message(sender, text=text, **given))
    assert desk.cases() == []
    (kept,) = desk.kept()
    assert (why or "") in (kept.reason or "")
    assert why is not None or "#open" not in (kept.reason or "")


def test_a_reason_is_no_longer_than_somebody_reads(desk: Desk) -> None:
    desk.take(message(BO, text=f"#open a@{'b' * 5000}.example\n"))
    assert len(desk.kept()[0].reason or "") < 300


@pytest.mark.parametrize(
    "text", [" " * 200_000 + "x", "a@" * 100_000, "a" * 200_000, "a@b" + "." * 200_000]
)
def test_no_first_line_takes_long(text: str) -> None:
    begun = time.monotonic()
    handed_in(message(BO, text=f"#open {text}"))
    assert time.monotonic() - begun < 1


# --- a turn of a conversation ---------------------------------------------------------------------


@pytest.fixture
def thread(desk: Desk) -> tuple[str, ...]:
    """A conversation about C1."""
    mail = message(PAT)
    desk.take(mail)
    return (mail.id,)


@pytest.mark.parametrize("sender", [PAT, RAY])
def test_the_customer_writes_again(desk: Desk, thread: tuple[str, ...], sender: str) -> None:
    desk.take(message(sender, text="Any news?", thread=thread))
    event = desk.last("customer_message")
    assert event.body == CustomerMessage("Any news?", sender, "acme")
    assert event.actor == Actor(sender, Side.CUSTOMER)
    assert len(desk.cases()) == 1


def test_of_a_customers_mail_of_which_nothing_seems_new_all_is_kept(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    text = "##- Above -##\n\nOld\n\nIt is down.\n"
    desk.take(message(PAT, text=text, fresh="", thread=thread))
    assert desk.last("customer_message").body == CustomerMessage(text, PAT, "acme")


@pytest.mark.parametrize("to", [PAT, RAY, OUR, None])
def test_an_engineer_who_is_proven_works_the_case(
    desk: Desk, thread: tuple[str, ...], to: str | None
) -> None:
    """What the customer did not get from them is sent on."""
    addressed = (Address(Channel.MAIL, to),) if to else ()
    desk.take(message(BO, text="We look at it.", thread=thread, to=addressed))
    event = desk.last("public_reply")
    reply = PublicReply("We look at it.", send=to not in {PAT, RAY})
    assert (event.body, event.actor) == (reply, Actor("bo", Side.STAFF))
    assert desk.case().worked


def test_an_engineer_who_is_not_proven_works_nothing(desk: Desk, thread: tuple[str, ...]) -> None:
    desk.take(message(BO, text="Solved.", thread=thread, verified=False))
    assert desk.last("noted").body.text.startswith(f"[unverified sender {BO}]")
    assert "Solved." in desk.last("noted").body.text
    assert not desk.case().worked


@pytest.mark.parametrize("sender", [NOBODY, UTA])
def test_the_thread_does_not_authorise(desk: Desk, thread: tuple[str, ...], sender: str) -> None:
    desk.take(message(sender, text="Close it.", thread=thread))
    assert desk.kinds()[-1] == "noted"
    assert desk.last("noted").actor == Actor(sender, Side.UNKNOWN)


@pytest.mark.parametrize("nature", [Nature.AUTOMATIC, Nature.BOUNCE, Nature.LIST])
def test_a_machine_in_the_thread_leaves_a_note(
    desk: Desk, thread: tuple[str, ...], nature: Nature
) -> None:
    desk.take(message(PAT, "Out of office", nature=nature, thread=thread))
    assert desk.last("noted").body == Noted(f"[{nature}] Out of office\nSince this morning.")
    assert desk.last("noted").actor.side is Side.BOT
    assert not desk.kept()


def test_our_own_mail_that_comes_back_is_kept(desk: Desk, thread: tuple[str, ...]) -> None:
    desk.take(message(PAT, nature=Nature.OURS, thread=thread))
    assert [kept.reason for kept in desk.kept()] == ["ours mail"]


def test_every_answer_is_a_way_into_the_thread(desk: Desk, thread: tuple[str, ...]) -> None:
    answer = message(PAT, thread=thread)
    desk.take(answer, message(RAY, thread=("<lost@test>", answer.id)))
    assert desk.kinds().count("customer_message") == 2


@pytest.mark.parametrize("number", ["C1", "1042"])
def test_a_number_in_the_subject_is_a_way_in_for_who_takes_part(desk: Desk, number: str) -> None:
    """Forwards and some programs drop In-Reply-To."""
    case = desk.opened(PAT)
    desk.verbs.triage(case, ANN, 3, number="1042")
    desk.take(message(RAY, text="Any news?", thread=("<lost@test>", f"subject:{number}")))
    assert desk.last("customer_message", case).body.text == "Any news?"
    desk.take(message(BO, text="#assign bo", thread=(f"subject:{number}",)))
    assert desk.case().assignee == "bo"


@pytest.mark.parametrize(
    ("sender", "given"),
    [
        (PAT, {"verified": False}),  # a number can be guessed, and From be made up
        ("anybody@acme.example", {}),  # a domain has anybody in it
        (UTA, {}),
        (PAT, {"thread": ("subject:C9",)}),
        (PAT, {"thread": ("subject:",)}),
    ],
)
def test_a_number_in_the_subject_alone_is_no_thread(
    desk: Desk, sender: str, given: dict[str, Any]
) -> None:
    desk.opened(PAT)
    desk.take(message(sender, **{"thread": ("subject:C1",), **given}))
    assert len(desk.cases()) == 2


def test_a_signed_token_finds_a_case_of_which_no_message_is_known(desk: Desk) -> None:
    """A reply to our plus-address, or to a mail that a restored ledger does not know of."""
    case = desk.opened(PAT)
    desk.take(message(PAT, text="Any news?", thread=("<lost@test>", f"token:{case}")))
    assert desk.last("customer_message", case).body.text == "Any news?"
    assert len(desk.cases()) == 1


def test_a_message_on_record_is_surer_than_the_number_in_a_token(desk: Desk) -> None:
    """After a restore a number may have been given anew."""
    first = message(PAT)
    desk.take(first, message(RAY))
    desk.take(message(PAT, text="Any news?", thread=("token:C2", first.id)))
    assert desk.kinds("C1")[-1] == "customer_message"
    assert "customer_message" not in desk.kinds("C2")


def test_a_token_of_a_case_that_is_not_there_opens_one(desk: Desk) -> None:
    desk.take(message(PAT, thread=("token:C99",)))
    assert [case.id for case in desk.cases()] == ["C1"]


def test_a_closed_case_is_open_again_when_the_customer_writes(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    desk.closed("C1")
    desk.clock.forward(hours=1)
    desk.take(message(PAT, thread=thread, at=desk.clock.as_datetime()))
    assert desk.kinds()[-2:] == ["customer_message", "reopened"]
    assert desk.state().status is Status.OPEN


FOR_A_MONTH = replace(MAILBOX, reopen_within=30 * DAY)


def later(desk: Desk, thread: tuple[str, ...], *, days: int, **given: Any) -> None:
    """Pat answers so long after C1 was closed."""
    desk.closed("C1")
    desk.clock.forward(hours=24 * days)
    at = desk.clock.as_datetime()
    desk.take(message(PAT, "Re: slow", thread=thread, at=at, **given), source=FOR_A_MONTH)


def test_a_case_that_was_closed_lately_is_opened_again(desk: Desk, thread: tuple[str, ...]) -> None:
    later(desk, thread, days=29)
    assert desk.kinds()[-1] == "reopened"
    assert len(desk.cases()) == 1


def test_one_that_was_closed_long_ago_is_followed_by_another(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    later(desk, thread, days=31)
    assert {case.id for case in desk.cases()} == {"C1", "C2"}
    assert desk.state("C1").status is Status.CLOSED
    assert desk.last("noted", "C1").body == Noted("[followed by C2]")
    assert desk.last("noted", "C2").body == Noted("[follows C1]")


def test_what_comes_after_in_the_old_thread_belongs_to_the_follower(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    later(desk, thread, days=31)
    desk.take(message(PAT, text="Any news?", thread=thread), source=FOR_A_MONTH)
    desk.take(message(BO, text="We look at it.", thread=thread), source=FOR_A_MONTH)
    assert desk.kinds("C2")[-2:] == ["customer_message", "public_reply"]
    assert len(desk.cases()) == 2


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("within", [30 * DAY, None])
def test_one_follower_is_enough_for_a_mail_to_two_mailboxes(
    desk: Desk, swapped: bool, within: int | None
) -> None:
    """The case was opened by a mail to both, so that each of them knows its thread."""
    first = message(PAT)
    for box in (SUPPORT, SALES):
        desk.take(first, source=box)
    desk.closed("C1")
    desk.clock.forward(hours=24 * 31)
    again = message(PAT, thread=(first.id,), at=desk.clock.as_datetime())
    one, other = (SALES, SUPPORT) if swapped else (SUPPORT, SALES)
    desk.take(again, source=replace(one, reopen_within=30 * DAY))
    desk.take(again, source=replace(other, reopen_within=within))
    assert {case.id for case in desk.cases()} == {"C1", "C2"}
    assert desk.state("C1").status is Status.CLOSED
    assert "customer_message" not in desk.kinds("C2"), "the copy is known there"


@pytest.mark.parametrize("sender", [BO, UTA, NOBODY])
def test_who_is_not_the_customer_opens_no_follower(
    desk: Desk, thread: tuple[str, ...], sender: str
) -> None:
    desk.closed("C1")
    desk.clock.forward(hours=24 * 31)
    given: dict[str, Any] = {"thread": thread, "at": desk.clock.as_datetime()}
    desk.take(message(sender, **given), source=FOR_A_MONTH)
    assert len(desk.cases()) == 1
    assert desk.state("C1").status is Status.CLOSED


def test_a_stranger_reopens_nothing(desk: Desk, thread: tuple[str, ...]) -> None:
    desk.closed("C1")
    desk.take(message(NOBODY, thread=thread))
    assert desk.state().status is Status.CLOSED


def test_a_clock_that_runs_behind_dates_nothing_before_the_opening(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    """A case that does not begin with its opening could never be decided again."""
    desk.take(message(PAT, thread=thread, at=moment(NOW - DAY)))
    with desk.ledger.reading() as tx:
        assert tx.parked() == []
    assert desk.last("customer_message").at == NOW


def test_a_turn_of_a_case_that_can_not_be_decided_is_kept_on_it(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    with broken(desk, "C1"):
        desk.take(message(PAT, text="Still there?", thread=thread), message(RAY, "Another thing"))
    assert desk.last("customer_message").body.text == "Still there?"
    assert len(desk.cases()) == 2


# --- referrals ------------------------------------------------------------------------------------


def test_a_stranger_is_referred_and_kept(desk: Desk) -> None:
    desk.take(message(NOBODY, "My mail is broken", raw=b"all of it"))
    (kept,) = desk.kept()
    assert (kept.fate, kept.sender, kept.title, kept.raw) == (
        Fate.REFERRED,
        NOBODY,
        "My mail is broken",
        b"all of it",
    )
    assert desk.cases() == []
    with desk.ledger.reading() as tx:
        assert [item.purpose for item in tx.items(subject="R1")] == ["referral"]


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_stranger_who_writes_again_is_kept_again_and_told_once(
    desk: Desk, in_thread: bool
) -> None:
    first = message(NOBODY)
    desk.take(first, message(NOBODY, "Hello?", thread=(first.id,) if in_thread else ()))
    assert [kept.title for kept in desk.kept()] == [first.subject, "Hello?"]
    with desk.ledger.reading() as tx:
        assert len(tx.items(subject="R1")) == 1


def test_a_partner_who_writes_into_a_referral_gets_a_case(desk: Desk) -> None:
    """The provider to whom we sent somebody answers to all: M-01 holds for them."""
    first = message(NOBODY)
    desk.take(first, message(PAT, "Fwd: my mail is broken", thread=(first.id,)))
    assert [case.title for case in desk.cases()] == ["Fwd: my mail is broken"]


# --- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize("nature", list(Nature)[1:])
def test_what_a_machine_writes_opens_nothing(desk: Desk, nature: Nature) -> None:
    desk.take(message(PAT, "Alert", nature=nature))
    (kept,) = desk.kept()
    assert (kept.fate, kept.reason, kept.title) == (Fate.REFUSED, f"{nature} mail", "Alert")
    assert desk.cases() == []


def test_mail_for_which_the_policy_has_no_rule_is_kept(desk: Desk) -> None:
    desk.take(message(BO, "Lunch?"))
    assert [kept.reason for kept in desk.kept()] == ["the policy has no rule for mail from staff"]


def test_what_the_connection_refused_is_kept_as_it_came(desk: Desk) -> None:
    assert desk.take(Refused("m1", "no sender", b"\xff")) == [True]
    assert desk.take(Refused("m1", "no sender", b"\xff")) == [False]
    (kept,) = desk.kept()
    assert (kept.fate, kept.item, kept.reason, kept.raw) == (
        Fate.REFUSED,
        "m1",
        "no sender",
        b"\xff",
    )


def test_one_poisoned_item_does_not_keep_the_others_out(desk_on_both: Desk) -> None:
    desk = desk_on_both
    poisoned = message(PAT, "half a \ud800 character", raw=b"as it came")
    assert desk.take(message(PAT, "before"), poisoned, message(RAY, "after")) == [True, False, True]
    assert {case.title for case in desk.cases()} == {"before", "after"}
    (kept,) = desk.kept()
    assert (kept.item, kept.raw) == (poisoned.id, b"as it came")
    assert "could not be taken" in kept.reason


def test_what_the_database_can_not_hold_is_kept_with_all_its_bytes(desk_on_both: Desk) -> None:
    desk = desk_on_both
    desk.take(message(PAT, "a \0 inside", raw=b"a \0 inside"), message(RAY, "after"))
    titles = {case.title for case in desk.cases()}
    kept = [each.raw for each in desk.kept()]
    assert (titles, kept) in [
        ({"a \0 inside", "after"}, []),  # SQLite can
        ({"after"}, [b"a \0 inside"]),
    ]


def test_what_other_rooms_take_is_no_news_here(desk: Desk) -> None:
    touched = Touched(Ref("scope", "1", "T-1"))
    reading = Reading("m1", Health.UP, moment(NOW), timedelta(milliseconds=3))
    assert desk.take(touched, reading) == [False, False]


SENDERS = st.sampled_from([PAT, RAY, UTA, BO, NOBODY, "other@nowhere.example"])
COMING = st.lists(
    st.tuples(
        SENDERS,
        st.sampled_from([Nature.NORMAL] * 4 + list(Nature)),
        st.booleans(),
        st.integers(0, 9),
        st.integers(-48, 48),
    ),
    max_size=12,
)


@given(COMING)
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_everything_that_is_fetched_is_a_case_a_note_or_kept(
    ledger: Ledger, coming: list[tuple[str, Nature, bool, int, int]]
) -> None:
    desk = Desk(emptied(ledger))
    mails: list[Message] = []
    for sender, nature, verified, answers, hours in coming:
        thread = (mails[answers].id,) if answers < len(mails) else ()
        at = moment(NOW + hours * HOUR)
        mails.append(message(sender, nature=nature, verified=verified, thread=thread, at=at))
    assert desk.take(*mails) == [True] * len(mails)
    assert desk.take(*mails) == [False] * len(mails)
    assert fates(desk) == Counter(mail.id for mail in mails)
    with desk.ledger.reading() as tx:
        assert (tx.parked(), tx.verify_all()) == ([], [])


def fates(desk: Desk) -> Counter[str]:
    """How often each item is on record: as a fact of a case, or kept."""
    facts = [
        event.id
        for case in desk.cases()
        for event in desk.events(case.id)
        if event.id.startswith("<m") and "#" not in event.id
    ]
    return Counter([*facts, *(kept.item for kept in desk.kept())])
