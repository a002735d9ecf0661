"""What is asked, offered and told of what a case turned out to be: in words, and on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.dispatch.scene import OPENED, Site, send
from upheld.case.decision import Purpose
from upheld.case.events import Noted, OutcomeSet, Proposed, Provided
from upheld.config.model import SolutionEntry
from upheld.desk.book import Book
from upheld.desk.records import Records
from upheld.dispatch.offers import links, offered
from upheld.ledger import OutboxItem
from upheld.policy import load_policy

SOLUTIONS = {
    name: SolutionEntry(title=f"About {name}", url=f"https://house.example/{name}", words=words)
    for name, words in {
        "password": ("password", "locked out"),
        "login": ("log in",),
        "printer": ("printer",),
        "mail": ("mail",),
        "web": ("web",),
    }.items()
}
KNOWN = {"help": "https://house.example/help", "more": "https://house.example/more"}
OUTCOMES = """
outcomes:
  third_party: {means: Another vendor's product is the cause., clocks: stop, text: Please turn to them.}
  best_effort: {means: We try and promise nothing.}
products: {mailer: {name: Mailer, versions: {"6.0": {until: 2020-12-31}, "7.0": {beta: true}}}}
policy: House
published_by: House Software
severities: {1: {name: Urgent}}
document:
- heading: All
  clauses: [{id: H-1, says: We do., statement: true}]
"""


def letter(site: Site, purpose: Purpose, *, said: str = "Since noon.", **facts: Any) -> str:
    """The text of a message to the reporter, as it went out."""
    case = site.case(opened=replace(OPENED, text=said))
    values = {"template": facts.pop("template", None), "facts": facts}
    site.decide(case, send(f"{case}/m", purpose, "reporter", **values))
    site.plan()
    return site.letters().write(site.leased()).text


def item(site: Site, **facts: Any) -> OutboxItem:
    case = site.case()
    site.decide(case, send(f"{case}/m", Purpose.MAIL, "reporter", facts=facts))
    return site.item(f"{case}/m")


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("I am locked out", ["About password"]),
        ("my password does not let me log in, I am locked out", ["About password", "About login"]),
        ("printer, mail, web, log in", ["About login", "About printer", "About mail"]),
        ("printers", []),
        ("> my password", []),
    ],
)
def test_solutions_are_offered_where_their_words_are_said_the_best_first_and_no_more_than_three(
    site: Site, said: str, titles: list[str]
) -> None:
    found = offered(item(site, offers=["solutions"]), replace(OPENED, text=said), SOLUTIONS)
    assert [each.title for each in found] == titles


def test_nothing_is_offered_where_the_rule_does_not_say_so(site: Site) -> None:
    assert offered(item(site, offers=["help"]), replace(OPENED, text="password"), SOLUTIONS) == ()
    assert offered(item(site), replace(OPENED, text="password"), SOLUTIONS) == ()


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({}, ["help", "more"]),
        ({"links": ["more"]}, ["more"]),
        ({"links": ["more"], "offers": ["help", "solutions"]}, ["more", "help"]),
        ({"offers": ["solutions"]}, []),
        ({"offers": ["nowhere"]}, []),
    ],
)
def test_a_message_points_to_the_pages_that_its_rule_names(
    site: Site, facts: Mapping[str, Any], named: list[str]
) -> None:
    assert list(links(item(site, **facts), KNOWN)) == named


def test_what_was_offered_stands_in_the_mail_and_in_the_cases_history(site: Site) -> None:
    site.solutions = SOLUTIONS
    case = site.case(opened=replace(OPENED, text="I am locked out"))
    site.decide(case, send("C1/m", Purpose.ACK, "reporter", facts={"offers": ["solutions"]}))
    site.go()
    (sent,) = site.mail.sent
    assert "About password: https://house.example/password" in sent.message.text
    notes = [body.text for body in bodies(site, case) if isinstance(body, Noted)]
    assert notes[-1] == "[offered] About password"


def bodies(site: Site, case: str) -> list[object]:
    with site.ledger.reading() as tx:
        return [stored.event.body for stored in tx.events(case) if stored.event]


def test_a_question_lists_what_is_missing_a_line_each(site: Site) -> None:
    text = letter(
        site, Purpose.QUESTION, missing=["version", "operating_system"], text="Thank you."
    )
    assert "\n  version:\n  operating system:\n" in text
    assert "\nThank you.\n" in text


@pytest.mark.parametrize("purpose", [Purpose.NOTIFY, Purpose.FORWARD, Purpose.PAGE, Purpose.STATUS])
def test_the_words_of_an_action_stand_in_its_message(site: Site, purpose: Purpose) -> None:
    assert "Look at this first." in letter(site, purpose, text="Look at this first.")


@pytest.fixture
def judging(site: Site) -> Site:
    """A site whose policy has outcomes."""
    policy = load_policy(OUTCOMES)
    site.records = Records(site.ledger, Book(policy, site.directory), site.clock)
    with site.ledger.transaction() as tx:
        tx.keep_policy(policy.version, policy.source)
    return site


def told(site: Site, *facts: OutcomeSet | Proposed | Provided) -> str:
    case = site.case()
    for fact in facts:
        site.fact(case, fact)
    site.decide(case, send(f"{case}/m", Purpose.MAIL, "reporter", template="outcome"))
    site.plan()
    return site.letters().write(site.leased()).text


def test_an_outcome_is_told_with_its_meaning_the_reason_and_what_follows(judging: Site) -> None:
    text = told(judging, OutcomeSet("third_party", "The trace ends in their driver.", "Foo driver"))
    for part in (
        "take it for: Another vendor's product is the cause. (Foo driver)",
        "The reason: The trace ends in their driver.",
        "\nPlease turn to them.\n",
        "does not hold for it meanwhile",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("6.0", "Mailer 6.0 was supported until 2020-12-31."),
        ("7.0", "Mailer 7.0 is not released yet."),
    ],
)
def test_the_day_on_which_support_ended_is_told(judging: Site, version: str, said: str) -> None:
    known = Provided("product", "mailer"), Provided("version", version)
    assert said in told(judging, *known, OutcomeSet("best_effort", "…"))


def test_a_fix_is_told_with_how(judging: Site) -> None:
    case = judging.case()
    judging.fact(case, Provided("defect_fixed", "install 3.1"))
    judging.decide(case, send(f"{case}/m", Purpose.MAIL, "reporter", template="defect-fixed"))
    judging.plan()
    assert "is fixed: install 3.1" in judging.letters().write(judging.leased()).text


def test_one_that_stops_nothing_says_nothing_of_promises(judging: Site) -> None:
    text = told(judging, Proposed(1, outcome="best_effort"))
    assert "take it for: We try and promise nothing." in text
    assert "meanwhile" not in text
    assert "reason" not in text


def test_taken_back_the_customer_hears_that_the_promises_hold(judging: Site) -> None:
    text = told(judging, OutcomeSet("third_party", "…"), OutcomeSet(None, "ours"))
    assert "is supported as usual again" in text
