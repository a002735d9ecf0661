"""A bad week: many cases at once, and nobody is told anything twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from tests.acceptance.outage import DAN, EVE, HER, ONE_PERSON, OTHERS, UTA, report, told
from tests.acceptance.story import PAT, RAY, STAFF, Story
from tests.pages import read
from tests.repository import DOCS
from upheld.case.decision import Purpose
from upheld.case.events import Opened, StepResult, StepTaken
from upheld.ledger import WITHDRAW, Delivery, DeliveryState
from upheld.testing.stage import Got

FIRST: Final = {
    PAT: "Nobody can connect",
    UTA: "Network is down",
    EVE: "Server down",
    DAN: "Our server is off-line",
    RAY: "Nobody can connect here",
}
#: What was told on the phone goes to the same company's mail, and all goes to Acme's first one.
CHILDREN: Final = {"C2": "C1", "C3": "C1", "C4": "C1", "C5": "C1", "C6": "C2", "C7": "C3"}


def bad_week(story: Story) -> None:
    """One outage; ten mails of four customers and two calls make seven cases, which become one."""
    _reported(story)
    story.do.triage("C1", HER, 1)
    for child, parent in CHILDREN.items():
        story.do.attach(child, HER, parent)
        story.do.triage(child, HER, 1)
    story.settle()
    for case in ("C1", *CHILDREN):
        story.do.work(case, HER)
    story.forward(hours=2)
    _answers(story, PAT, EVE)
    story.do.reply("C1", HER, "It is the router in the east.")
    story.forward(hours=1)
    for case in ("C1", "C5"):
        story.do.severity(case, HER, 2, "a detour carries the traffic of Acme")
    story.forward(hours=2)  # the others are severity 1 still, and their parent is not
    story.do.severity("C1", HER, 1, "the detour is down")
    story.forward(hours=1)
    _over(story, "C1", "C2", "C3", "C4", "C5", "C6")
    story.forward(hours=2)  # C7 is forgotten
    _answers(story, PAT)  # and C1 is opened again
    story.forward(hours=1)
    _over(story, "C1", "C7")
    story.forward(days=6)


def _reported(story: Story) -> None:
    for sender, subject in FIRST.items():
        story.mail(sender, subject)
        story.forward(minutes=1)
    for customer, who in (("borealis", UTA), ("cirrus", EVE)):
        phoned = Opened(
            "phone", "Down", "…", reporter=who, customer=customer, enforced_from=story.now
        )
        story.do.open(phoned, STAFF)
    _answers(story, UTA, DAN)


def _answers(story: Story, *people: str) -> None:
    """They answer to the first mail that they got."""
    for who in people:
        got = next(got for got in story.stage.got() if (got.channel, got.to) == ("mail", who))
        story.answer(who, got.key, "Any news?")


def _over(story: Story, *cases: str) -> None:
    for case in cases:
        story.do.resolve(case, HER, "A router was replaced.")
        story.do.close(case, HER)
    story.settle()


COLUMNS: Final[dict[str, set[str]]] = {
    "pages": {Purpose.PAGE},
    "stood down": {WITHDRAW},
    "calls": {Purpose.CALL},
    "questions": {Purpose.ASK},
    "statuses": {Purpose.STATUS},
    "letters": {Purpose.ACK, Purpose.TICKET_NUMBER, Purpose.REPLY},
}


def deliveries(story: Story) -> list[Delivery]:
    with story.stage.site.ledger.reading() as tx:
        return [each for case in tx.cases() for each in tx.deliveries(subject=case.id)]


def table(found: list[Delivery]) -> str:
    """Messages by person; ``merged`` would have been one more each."""
    rows: dict[str, Counter[str]] = {}
    for delivery in found:
        column = next(name for name, those in COLUMNS.items() if delivery.purpose in those)
        row = rows.setdefault(delivery.recipient_name, Counter())
        row["merged" if delivery.state is DeliveryState.MERGED else column] += 1
    head = [*COLUMNS, "merged"]
    cells = [["to", *head], ["---"] * (len(head) + 1)]
    cells += [[who, *(str(row[name]) for name in head)] for who, row in sorted(rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def test_a_bad_week_nobody_is_told_twice(tmp_path: Path) -> None:
    """Its table stands in docs/explanation/trust.md; ``pytest -s`` prints it."""
    with told(tmp_path, ONE_PERSON | OTHERS) as story:
        bad_week(story)
        found, got = deliveries(story), story.stage.got()
        folded = sum(
            isinstance(stored.event.body, StepTaken)
            and stored.event.body.result is StepResult.FOLDED
            for case in story.cases()
            for stored in story.events(case.id)
            if stored.event
        )
        missed = {name: each.missed for name, each in report(story).items() if each.missed}
    print(f"\n{table(found)}\nsteps left to the parent: {folded}")  # noqa: T201  for the page
    assert table(found) in read(DOCS / "explanation" / "trust.md")
    went = Counter(each.state for each in found)
    assert set(went) == {DeliveryState.ACCEPTED, DeliveryState.MERGED}
    assert went[DeliveryState.ACCEPTED] == len(got), "what went out is on record, and nothing else"
    told_at = Counter((_fact(one), one.channel, one.to, one.at) for one in got)
    assert {each: times for each, times in told_at.items() if times > 1} == {}
    assert missed == {}


def _fact(got: Got) -> str:
    """The case and what is said of it: a page's key, a mail's subject with the case's number."""
    if got.channel != "page":
        return got.what
    case, _, _ = got.key.partition("/")
    action = got.what.split()[0]
    return f"{case} {action}" if action == "trigger" else f"{action} {got.key}"
