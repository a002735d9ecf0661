"""Verbs in a comment: what a first line asks for, and what is said where it is wrong."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pages import read
from tests.repository import DOCS
from upheld.calendar.instant import DAY, HOUR, parse
from upheld.desk.verbs import Verbs
from upheld.errors import Refusal
from upheld.sync.verbs import VERBS, Moment, Order, Spoken, order, spoken

NOW = parse("2026-12-07T12:00:00Z")
AT = Moment(NOW, "America/New_York")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#call", Spoken("call", "")),
        ("#Call spoke with Pat", Spoken("call", "spoke with Pat")),
        ("\n  #call: spoke with Pat  \n", Spoken("call", "spoke with Pat")),
        ("> They wrote:\n> #close\n\n#hold 3d parts", Spoken("hold", "3d parts")),
        (
            "#reply Dear Pat,\nit is solved.\n> It hangs.",
            Spoken("reply", "Dear Pat,\nit is solved."),
        ),
        ("#reply\nDear Pat", Spoken("reply", "Dear Pat")),
        ("#take_back done", Spoken("take-back", "done")),
        ("#dance", Spoken("dance", "")),
        ("Please #call them", None),
        ("> #close", None),
        ("Text\n#close", None),
        ("# Heading", None),
        ("#17 is the same", None),
        ("##close", None),
        ("#", None),
        ("", None),
    ],
)
def test_a_verb_stands_in_the_first_line_that_is_no_quotation(
    text: str, said: Spoken | None
) -> None:
    assert spoken(text) == said


def test_a_connection_may_have_lines_of_its_own() -> None:
    lines = {"#phone": "call", "Rang the customer": "call"}
    assert spoken("#phone spoke with Pat", lines) == Spoken("call", "spoke with Pat")
    assert spoken("rang the customer\nall is well", lines) == Spoken("call", "all is well")
    assert spoken("#call", lines) == Spoken("call", "")


def asked(text: str) -> Order:
    said = spoken(text)
    assert said is not None
    return order(said, AT)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#ack", Order("acknowledge")),
        ("#call spoke with Pat", Order("call", ("spoke with Pat",))),
        ("#hold 3d parts", Order("hold", ("parts", NOW + 3 * DAY))),
        ("#hold 12h parts", Order("hold", ("parts", NOW + 12 * HOUR))),
        ("#hold 2026-12-09 parts", Order("hold", ("parts", parse("2026-12-09T05:00:00Z")))),
        ("#hold 2026-12-09 09:30 parts", Order("hold", ("parts", parse("2026-12-09T14:30:00Z")))),
        ("#hold for parts", Order("hold", ("for parts", None))),
        ("#hold 3days off", Order("hold", ("3days off", None))),
        ("#mobilise", Order("mobilise", ("",))),
        ("#severity 1 all down", Order("severity", (1,), {"reason": "all down"})),
        ("#triage 2", Order("triage", (2,), {"reason": ""})),
        ("#waiver", Order("provide", ("waiver", ""))),
        ("#provide version 7.1", Order("provide", ("version", "7.1"))),
        ("#flag vip", Order("flag", ("vip",))),
        ("#unflag vip", Order("flag", ("vip",), {"on": False})),
        ("#close", Order("close", ("",), {"override": ""})),
        ("#close done --override no waiver", Order("close", ("done",), {"override": "no waiver"})),
        ("#work --override urgent", Order("work", (), {"override": "urgent"})),
        ("#resolve Fixed it", Order("resolve", ("Fixed it",), {"override": ""})),
        ("#resolve plan June", Order("resolve", ("June",), {"override": "", "how": "plan"})),
        ("#outcome wish Not ours", Order("outcome", ("wish", "Not ours"))),
        ("#outcome none Ours", Order("outcome", (None, "Ours"))),
        ("#escalate r-and-d Needs a patch", Order("escalate", ("r-and-d", "Needs a patch"))),
        ("#hand-over top It resets", Order("hand_over", ("top", "It resets"), {"override": ""})),
        ("#hand-over top x --override y", Order("hand_over", ("top", "x"), {"override": "y"})),
        ("#wait vendor", Order("wait", ("vendor",))),
        ("#take-back Patched", Order("take_back", ("Patched",))),
        ("#take-in", Order("take_in")),
    ],
)
def test_a_verb_is_an_order_to_the_desk(text: str, wanted: Order) -> None:
    assert asked(text) == wanted


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#hold 3d", "#hold needs a reason — write #hold [3d | 2026-12-01 09:00] WHY"),
        ("#hold 2026-12-01 x", "#hold is over before it begins — write #hold"),
        ("#hold 2026-13-01 x", "write #hold [3d | 2026-12-01 09:00] WHY"),
        ("#severity high", "#severity needs a number — write #severity 1 [WHY]"),
        ("#triage", "#triage needs a number"),
        ("#assign", "#assign needs a name — write #assign WHO"),
        ("#escalate ann", "#escalate needs a few words why"),
        ("#hand-over top", "#hand-over needs a few words why"),
        ("#provide", "#provide needs a name"),
        ("#outcome wish", "#outcome needs an outcome and why"),
        ("#reopen", "#reopen needs a few words"),
        ("#clsoe", 'there is no #clsoe — did you mean "close"?'),
    ],
)
def test_wrong_use_is_answered_by_what_is_right(text: str, answer: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked(text)
    assert answer in f"{refused.value.what} — {refused.value.do_next}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_one_of_the_desks(verb: str) -> None:
    example = VERBS[verb].usage.replace("[", "").replace("]", "").replace(" | vendor", "")
    found = asked(example.replace("3d | 2026-12-01 09:00 ", "3d "))
    signature = inspect.signature(getattr(Verbs, found.method))
    stand_ins: tuple[Any, ...] = (None, "C1", None)
    signature.bind(*stand_ins, *found.arguments, **found.options)


def tried(said: Spoken) -> Order | Refusal:
    try:
        return order(said, AT)
    except Refusal as refused:
        return refused


@given(st.text(max_size=60))
def test_whatever_people_write_is_an_order_a_refusal_or_text(text: str) -> None:
    said = spoken(f"#{text}")
    found = None if said is None else tried(said)
    assert not isinstance(found, Refusal) or found.do_next


@given(st.sampled_from(sorted(VERBS)), st.text(max_size=60))
def test_every_verb_takes_any_words_or_says_what_is_right(verb: str, words: str) -> None:
    found = tried(Spoken(verb, words))
    if isinstance(found, Refusal):
        assert VERBS[verb].usage in (found.do_next or "")
    else:
        assert hasattr(Verbs, found.method)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_line_on_the_page(verb: str) -> None:
    usage = VERBS[verb]
    shown = usage.usage.replace("|", "\\|")
    assert f"| `{shown}` | {usage.tells} |" in read(DOCS / "reference" / "verbs.md")
