"""The words of a message: what every shipped template says, to whom, in whose time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.core.dispatch.scene import LIVE, NOW, OPENED, Site, send
from upheld.calendar.instant import HOUR, MINUTE, Instant
from upheld.case.decision import Decision, Purpose, Subject
from upheld.case.events import (
    Actor,
    CallLogged,
    CustomerMessage,
    Event,
    Held,
    Linked,
    Noted,
    Opened,
    PageAcknowledged,
    Proposed,
    PublicReply,
    Resolved,
    Side,
    Triaged,
    Watched,
    Worked,
)
from upheld.case.monitor import Tally
from upheld.ledger import MonitorRow
from upheld.plugin import Outgoing

#: What each purpose needs to be told of: whom it goes to, and what the engine adds.
PURPOSES: Final[Mapping[Purpose, tuple[str, dict[str, Any]]]] = {
    Purpose.ACK: ("reporter", {"links": ["help"]}),
    Purpose.PAGE: ("engineer", {}),
    Purpose.CALL: ("customer.contact", {}),
    Purpose.TICKET_NUMBER: ("reporter", {}),
    Purpose.STATUS: ("reporter", {"next_at": NOW + HOUR}),
    Purpose.NOTIFY: ("customer.escalation-manager", {}),
    Purpose.ANSWER: ("engineer", {"text": "#close: done, in the name of Bo Lindt"}),
    Purpose.ASK: ("engineer", {"next_at": NOW + HOUR}),
    Purpose.REPLY: ("reporter", {"text": "We found it."}),
    Purpose.FORWARD: ("engineer", {}),
    Purpose.MAIL: ("reporter", {}),
    Purpose.QUESTION: ("reporter", {"missing": ["version", "operating_system"]}),
}
Write = Callable[..., Outgoing]


@pytest.fixture
def write(site: Site) -> Write:
    """The message that a case of the site gets written."""

    def written(purpose: Purpose, *facts: Any, opened: Opened = OPENED, **values: Any) -> Outgoing:
        case = site.case(opened=opened)
        for fact in facts:
            site.fact(case, fact)
        to, told = PURPOSES[purpose]
        told = {**told, **values.pop("facts", {})}
        key = f"{case}/{purpose}"
        site.decide(case, send(key, purpose, values.pop("to", to), facts=told, **values))
        site.plan(LIVE)
        return site.letters().write(site.leased())

    return written


# --- what is shipped --------------------------------------------------------------------------------

SCENES: Final[Mapping[str, tuple[Any, ...]]] = {
    "nothing known": (),
    "proposed": (Proposed(1),),
    "triaged": (Triaged(1, "1042"),),
    "worked": (Triaged(1, "1042"), Worked(), PublicReply("It is the router.")),
    "resolved": (Triaged(2, "1042"), Resolved("fix", "Replaced.")),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_template_reads_well_whatever_is_known(
    write: Write, purpose: Purpose, scene: str
) -> None:
    message = write(purpose, *SCENES[scene], late=65 * MINUTE)
    whole = f"{message.subject}\n{message.text}"
    for gap in ("None", "{{", "[]", "()", "undefined", "  case", " ,", " ."):
        assert gap not in whole, whole
    assert message.subject
    assert "\n\n\n" not in message.text
    assert message.text.endswith("\n")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_template_gets_on_without_customer_and_names(write: Write, purpose: Purpose) -> None:
    nobody = replace(OPENED, customer=None, reporter_name="", reporter="sky@elsewhere.example")
    message = write(purpose, opened=nobody, to="chief")
    assert "None" not in f"{message.subject}{message.text}"


def test_a_page_says_what_where_since_when_and_what_to_do(write: Write) -> None:
    message = write(Purpose.PAGE, Triaged(1, "1042"))
    assert message.subject == "Sev 1 1042 Acme Internet: Nobody can connect"
    assert message.text.splitlines()[:4] == [
        "Nobody can connect",
        "Severity 1, Acme Internet, since 2026-12-07 13:00 CET.",
        "Pat Lin wrote: Since noon.",
        "H-1: The chief is paged at once.",
    ]
    assert "upheld cases work C1" in message.text


def test_a_page_stays_short_however_long_the_customer_wrote(write: Write) -> None:
    opened = replace(OPENED, subject="Nobody " + "can connect " * 90, text="and\nso\non " * 9_000)
    message = write(Purpose.PAGE, Triaged(1, "1042"), opened=opened)
    assert message.subject.startswith("Sev 1 1042 Acme Internet: Nobody can connect")
    assert (len(message.subject), message.subject[-1]) == (100, "…")
    (told,) = [each for each in message.text.splitlines() if each.startswith("Pat Lin wrote: ")]
    assert (len(told.removeprefix("Pat Lin wrote: ")) <= 500, told.endswith(" …")) == (True, True)


@pytest.mark.parametrize("purpose", [Purpose.ACK, Purpose.NOTIFY, Purpose.STATUS, Purpose.CALL])
def test_a_paragraph_is_one_line_which_every_reader_wraps_for_itself(
    write: Write, purpose: Purpose
) -> None:
    lines = write(purpose, Triaged(1, "1042")).text.splitlines()
    wrapped = [
        (one, two)
        for one, two in pairwise(lines)
        if len(one) > 60 and one[-1] not in ".:" and two[:1].islower()
    ]
    assert wrapped == []


def test_a_page_before_triage_says_that_the_severity_is_proposed(write: Write) -> None:
    message = write(Purpose.PAGE, Proposed(1))
    assert "Severity 1 (proposed, not triaged yet)" in message.text
    assert "upheld cases triage C1 SEVERITY" in message.text


@pytest.mark.parametrize(
    ("late", "says"),
    [
        (0, ""),
        (90_000_000, "This page is 1 min late."),
        (HOUR, "This page is 1 h late."),
        (26 * HOUR + 5 * MINUTE, "This page is 26 h 5 min late."),
    ],
)
def test_what_comes_late_says_how_late(write: Write, late: int, says: str) -> None:
    text = write(Purpose.PAGE, Triaged(1), late=late).text
    assert says in text
    assert ("late" in text) is bool(says)


@pytest.mark.parametrize(
    ("to", "at"),
    [
        ("engineer", "2026-12-07 14:00 CET"),  # Bo is in Berlin
        ("chief", "2026-12-07 13:00 UTC"),  # Ann names no zone: the site's
        ("reporter", "2026-12-07 08:00 EST"),  # Acme is in New York
    ],
)
def test_times_are_the_readers(write: Write, to: str, at: str) -> None:
    assert f"The next one comes at {at}." in write(Purpose.STATUS, to=to).text


def test_an_answer_that_a_machine_gives_is_marked_as_one(write: Write) -> None:
    marked = {purpose: write(purpose).automatic for purpose in PURPOSES}
    answers = {purpose for purpose, automatic in marked.items() if automatic}
    assert answers == {Purpose.ACK, Purpose.ANSWER}


def test_an_acknowledgement_shows_the_links_of_its_rule(site: Site, write: Write) -> None:
    site.links = {"help": "https://house.example/help", "inner": "https://house.example/inner"}
    text = write(Purpose.ACK).text
    assert "https://house.example/help" in text
    assert "inner" not in text


def test_an_acknowledgement_promises_no_severity_that_nobody_set(write: Write) -> None:
    assert "Severity" not in write(Purpose.ACK, Proposed(1)).text
    assert "Severity 1 (Urgent)" in write(Purpose.ACK, Triaged(1)).text


def test_a_reply_is_what_the_person_typed(write: Write) -> None:
    message = write(
        Purpose.REPLY, Triaged(1, "1042"), facts={"text": "Ümläut <b>&</b> {{ 7 * 7 }}"}
    )
    assert message.text == "Ümläut <b>&</b> {{ 7 * 7 }}\n"
    assert message.subject == "Re: [1042] Nobody can connect"


def test_the_trackers_key_is_the_number_once_it_is_triaged(write: Write) -> None:
    linked = Linked("jira", "id-1", "SUP-7")
    assert "SUP-7" not in write(Purpose.STATUS, linked).subject
    assert write(Purpose.STATUS, linked, Triaged(1)).subject.startswith("[SUP-7]")


def test_a_referral_names_who_can_help(site: Site) -> None:
    case = site.case(kind="referral")
    site.decide(case, send("r", Purpose.REFERRAL, "reporter"))
    site.go()
    (sent,) = site.mail.sent
    assert sent.message.automatic
    assert "turn to your service provider" in sent.message.text


# --- a status ---------------------------------------------------------------------------------------


def status(site: Site, case: str, key: str, due: int, **facts: Any) -> str:
    site.decide(case, replace(send(key, Purpose.STATUS, "reporter", facts=facts), due=due))
    site.go()
    text: str = site.mail.sent[-1].message.text
    return text


def test_a_status_without_work_says_so(site: Site) -> None:
    text = status(site, site.case(), "s", NOW)
    assert "Nobody has begun to work on it yet; that is being escalated." in text
    assert "There is nothing new since the last status." in text


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (None, "mail is not watched since 2026-12-07 07:00 EST: Ann Reyes has paused that."),
        (
            NOW + HOUR,
            "mail is not watched since 2026-12-07 07:00 EST, and until 2026-12-07 08:00 EST: Ann",
        ),
    ],
)
def test_a_status_says_who_has_paused_what_it_is_about(
    site: Site, until: Instant | None, told: str
) -> None:
    case = site.case()
    site.fact(case, Watched("mail", "down", NOW), at=NOW)
    with site.ledger.transaction() as tx:
        of = tx.new_subject("monitor", policy="p", now=NOW)
        tx.watch(MonitorRow("mail", of, None, until, 0, Tally(), paused=True))
        tx.record(
            of,
            Event("e", NOW, NOW, Actor("ann", Side.STAFF), Held("moved", until)),
            _as_it_is,
            now=NOW,
        )
    assert told in status(site, case, "s", NOW)


def _as_it_is(_subject: Subject, _event: Event) -> Decision:
    return Decision({})


def test_a_status_tells_what_happened_since_the_last_as_it_happened(site: Site) -> None:
    case = site.case()
    site.clock.forward(hours=5)
    site.fact(case, PublicReply("It is the router."), at=NOW + 3 * HOUR)
    site.fact(case, Worked(), at=NOW + HOUR)
    site.fact(case, Noted("the customer is rude"), at=NOW + HOUR)
    site.fact(case, PageAcknowledged(), at=NOW + HOUR)
    site.fact(case, CallLogged("spoke"), at=NOW + 4 * HOUR)
    first = status(site, case, "s1", NOW + 4 * HOUR)
    assert "Bo Lindt is working on it." in first
    told = [line.strip() for line in first.splitlines() if "EST" in line][1:]
    assert told == [
        "2026-12-07 08:00 EST  Bo Lindt began to work on it",
        "2026-12-07 10:00 EST  Bo Lindt wrote: It is the router.",
        "2026-12-07 11:00 EST  Bo Lindt spoke with you",
    ]
    site.fact(case, Resolved("fix", "Replaced."), at=NOW + 5 * HOUR)
    second = status(site, case, "s2", NOW + 8 * HOUR)
    told = [line.strip() for line in second.splitlines() if "EST" in line][1:]
    assert told == ["2026-12-07 12:00 EST  Bo Lindt resolved it: Replaced."]
    assert "It is resolved" in second


def test_a_status_that_never_left_is_no_last_status(site: Site) -> None:
    case = site.case()
    site.clock.forward(hours=1)
    site.fact(case, PublicReply("It is the router."), at=NOW + HOUR)
    site.decide(case, replace(send("s1", Purpose.STATUS, "reporter"), due=NOW + 2 * HOUR))
    site.plan(replace(LIVE, live_for=frozenset()))
    assert "It is the router." in status(site, case, "s2", NOW + 4 * HOUR)


def test_what_the_customer_wrote_is_not_called_ours(site: Site) -> None:
    case = site.case()
    site.fact(case, CustomerMessage("Any news?"), at=NOW + 1)
    text = status(site, case, "s", NOW + HOUR)
    assert "you wrote to us" in text
    assert "Any news?" not in text
