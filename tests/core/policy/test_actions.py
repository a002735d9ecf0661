"""Actions: what a rule does, and to whom."""

from __future__ import annotations

from typing import Final

import pytest

from tests.core.policy.written import loaded, rule, wrong
from upheld.policy.model import Do, Intake, Verb, When


def actions(text: str) -> tuple[Do, ...]:
    return rule(f"when: opened\ndo: {text}", When).do


def refusal(text: str) -> str:
    """What is wrong with one action, without its place."""
    (problem,) = wrong(f"when: opened\ndo: [{text}]")
    return problem.partition(" ")[2]


_NOBODY: Final = (
    "do.0.page: needs one of `to`, `first_of` and (to hand over) `queue`"
    " → name a role, `customer`, `reporter` or `assignee`"
)
_ACTIONS: Final = [
    ("page: lead", Do(Verb.PAGE, to=("lead",))),
    ("notify: [customer.technical, reporter]", Do(Verb.NOTIFY, to=("customer.technical", "reporter"))),
    ("call: customer.contact", Do(Verb.CALL, to=("customer.contact",))),
    ("update: customer", Do(Verb.UPDATE, to=("customer",))),
    ("mail: {to: reporter, template: reminder, links: help}",
     Do(Verb.MAIL, to=("reporter",), template="reminder", links=("help",))),
    ("page: {first_of: [lead, desk]}", Do(Verb.PAGE, to=("lead", "desk"), first_of=True)),
    ("notify: {to: desk, text: Look}", Do(Verb.NOTIFY, to=("desk",), text="Look")),
    ("forward: {to: desk}", Do(Verb.FORWARD, to=("desk",))),
    ("escalate: {to: lead, reason: late}", Do(Verb.ESCALATE, to=("lead",), text="late")),
    ("escalate: {queue: first-line}", Do(Verb.ESCALATE, queue="first-line")),
    ("assign: assignee", Do(Verb.ASSIGN, to=("assignee",))),
    ("assign: {queue: first-line}", Do(Verb.ASSIGN, queue="first-line")),
    ("set: {severity: 2}", Do(Verb.SET, severity=2)),
    ("note: Look here", Do(Verb.NOTE, text="Look here")),
    ("open: case", Do(Verb.OPEN, text="case")),
    ("close: no answer", Do(Verb.CLOSE, text="no answer")),
    ("close: {reason: no answer}", Do(Verb.CLOSE, text="no answer")),
    ("number: now", Do(Verb.NUMBER, text="now")),
    ("ask: [version, environment]", Do(Verb.ASK, keys=("version", "environment"))),
    ("order: [severity, due]", Do(Verb.ORDER, keys=("severity", "due"))),
    ("refer: reminder", Do(Verb.REFER, template="reminder")),
    ("refer: {template: reminder, links: help}", Do(Verb.REFER, template="reminder", links=("help",))),
]  # fmt: skip


@pytest.mark.parametrize(("written", "do"), _ACTIONS)
def test_an_action_is_a_verb_and_what_belongs_to_it(written: str, do: Do) -> None:
    assert actions(f"[{written}]") == (do,)


def test_every_verb_is_among_them() -> None:
    assert {do.verb for _, do in _ACTIONS} | {Verb.OFFER} == set(Verb)


def test_several_actions_keep_their_order_and_one_needs_no_list() -> None:
    assert [do.verb for do in actions("[page: lead, note: x, page: desk]")] == [
        Verb.PAGE,
        Verb.NOTE,
        Verb.PAGE,
    ]
    assert actions("{page: lead}") == actions("[page: lead]")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("pgae: lead", "do.0.pgae: there is no such action → did you mean \"page\"?"),
        ("lead", "do.0: is no action → write `- page: operations-manager`"),
        ("{page: lead, call: desk}", "do.0: is no action → write `- page: operations-manager`"),
        ("page: ", "do.0.page: is empty → say who, or what"),
        ("page: []", "do.0.page: is empty → name at least one, or leave the key out"),
        ("note: ' '", "do.0.note: is empty → give it a value, or leave it out"),
        ("page: {}", _NOBODY),
        ("call: {to: lead, txt: x}", 'do.0.call.txt: there is no such key → did you mean "text"?'),
        ("page: {to: lead, first_of: [desk]}", _NOBODY),
        ("ask: {version: 1}", "do.0.ask: is not a list of words → write `ask: [one, another]`"),
        ("set: severity", "do.0.set: says not what to set → write `set: {severity: 1}`"),
        ("set: {reason: why}", "do.0.set: `set` needs one of: severity, outcome, kind, flag"),
        ("refer: {links: help}", "do.0.refer: `refer` needs `template`"),
        ("refer: [reminder, reminder]", "do.0.refer: is more than one → write a line for each"),
        ("close: {text: a, reason: b}",
         "do.0.close.reason: stands beside `text` → leave one of them"),
        ("order: [severty]", "do.0.order.0: 'severty' is not known → did you mean \"severity\"?"),
        ("page: 2.5", "do.0.page: is not a text → put it in quotes"),
    ],
)  # fmt: skip
def test_an_action_that_says_too_little_or_too_much_is_refused(written: str, problem: str) -> None:
    assert refusal(written) == problem


@pytest.mark.parametrize("written", ["[]", "3"])
def test_a_rule_does_something(written: str) -> None:
    (problem,) = wrong(f"when: opened\ndo: {written}")
    assert "do: " in problem


@pytest.mark.parametrize(
    ("written", "unknown", "meant"),
    [
        ("page: led", "page: there is no role 'led'", "lead"),
        ("forward: {to: dessk}", "to: there is no role 'dessk'", "desk"),
        ("escalate: {to: leed}", "to: there is no role 'leed'", "lead"),
        ("page: {first_of: [lead, dsk]}", "first_of: there is no role 'dsk'", "desk"),
        ("notify: customer.", "notify: there is no role 'customer.'", "customer"),
        ("assign: {queue: fist-line}", "queue: there is no queue 'fist-line'", "first-line"),
        (
            "mail: {to: desk, template: remind}",
            "template: there is no template 'remind'",
            "reminder",
        ),
        ("refer: reminders", "refer: there is no template 'reminders'", "reminder"),
        ("mail: {to: desk, links: [help, hlp]}", "links: there is no link 'hlp'", "help"),
    ],
)
def test_an_action_names_what_there_is(written: str, unknown: str, meant: str) -> None:
    assert refusal(written) == f'C-1: {unknown} → did you mean "{meant}"?'


def test_where_no_name_is_near_all_are_told() -> None:
    people = "assignee, customer, desk, escalated_to, lead, provider, reporter"
    assert refusal("page: 911") == f"C-1: page: there is no role '911' → one of: {people}"
    severities = "there is no severity 3 → one of: 1, 2"
    assert refusal("set: {severity: 3}") == f"C-1: severity: {severities}"


def test_queues_may_stand_at_the_top_as_well() -> None:
    policy = loaded("{id: A, says: A., when: opened, do: [assign: {queue: first-line}]}")
    assert policy.needs.queues == ("first-line",)


def test_an_arrival_has_actions_too() -> None:
    found = rule("intake: {from: [partner, unknown], do: [open: case]}", Intake)
    assert found.sender == ("partner", "unknown")
    assert found.nature == ()
    assert found.do == (Do(Verb.OPEN, text="case"),)


def test_what_is_offered_stands_in_the_mail_beside_it() -> None:
    found = rule("when: opened\ndo: [mail: lead, offer: [help, solutions]]", When)
    assert found.do[1] == Do(Verb.OFFER, keys=("help", "solutions"))
    (alone,) = wrong("when: opened\ndo: [offer: solutions]")
    assert "do: `offer` stands alone → put it beside the `mail` in which it is offered" in alone
    (unknown,) = wrong("when: opened\ndo: [mail: lead, offer: halp]")
    assert "offer: there is no link 'halp'" in unknown


def test_a_rule_sets_what_nobody_has_said() -> None:
    found = rule(
        "when: opened\ndo: [set: {outcome: wish, kind: usage, flag: held, reason: so}]", When
    )
    assert found.do == (Do(Verb.SET, outcome="wish", kind="usage", flag="held", text="so"),)
    (unknown,) = wrong("when: opened\ndo: [set: {flag: hold}]")
    assert "there is no flag 'hold'" in unknown
