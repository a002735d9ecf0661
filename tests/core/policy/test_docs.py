"""docs/reference/policy.md holds every key and word of the language, and its examples are right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from textwrap import indent
from typing import Final

import pytest

from tests.repository import DOCS
from upheld.engine import terms
from upheld.policy import (
    calendars,
    catalogued,
    classifying,
    conditions,
    load,
    load_policy,
    monitors,
    names,
    rules,
    targets,
    values,
)
from upheld.policy.catalogue import Clocks, OnReturn, Standing
from upheld.policy.desks import Answers
from upheld.policy.matrix import Empty
from upheld.policy.model import (
    CatchUp,
    Every,
    Gate,
    OnChange,
    OnReopen,
    Require,
    Target,
    Verb,
    When,
)

_PAGE: Final = (DOCS / "reference" / "policy.md").read_text(encoding="utf-8")

#: The tables of each section, in their order: what the code knows, a line each.
_TABLES: Final[dict[str, tuple[Iterable[str], ...]]] = {
    "At the top": (load._TOP,),
    "severities": (load._SEVERITY,),
    "calendars": (calendars.KEYS, calendars.HOLIDAYS),
    "tiers": (catalogued.TIER,),
    "desks": (catalogued.DESK,),
    "needs": (load._NEEDS,),
    "Sections": (load._SECTION,),
    "Clauses": (load._CLAUSE,),
    "target": (targets.KEYS, targets.STARTS, values.MET_WORDS),
    "when": (rules.KEYS["when"],),
    "every": (rules.KEYS["every"], rules._ASKS),
    "outcomes": (catalogued.OUTCOME,),
    "products": (catalogued.PRODUCT, catalogued.RELEASE),
    "classify": (classifying.ROW, classifying.MATRIX),
    "require": (rules._REQUIRES, rules.GATED, rules.NEEDS, Gate),
    "intake": (rules._ARRIVES,),
    "monitor": (monitors._KEYS,),
    "offers": (rules.KEYS["offers"],),
    "Conditions": (conditions.WORDS, conditions.KEYS),
    "Actions": (Verb,),
}
#: Words that stand in the line of a key.
_LINES: Final[dict[tuple[str, str], Iterable[str]]] = {
    ("Clauses", "rules"): ("name",),
    ("target", "target"): targets.TARGETS,
    ("target", "on_raise"): OnChange,
    ("target", "on_lower"): OnChange,
    ("target", "on_reopen"): OnReopen,
    ("when", "catch_up"): CatchUp,
    ("every", "catch_up"): CatchUp,
    ("tiers", "answers"): Answers,
    ("outcomes", "clocks"): Clocks,
    ("outcomes", "on_return"): OnReturn,
    ("classify", "empty"): Empty,
    ("Conditions", "product"): Standing,
    ("intake", "from"): rules.SENDERS,
    ("intake", "nature"): rules.NATURES,
    ("monitor", "opens"): monitors._OPENS,
    ("monitor", "window"): monitors._WINDOW,
    ("needs", "flags"): names.FLAGS,
    ("Conditions", "proposed"): conditions.PROPOSED,
    ("Actions", "order"): conditions.ORDERS,
    **{("Conditions", key): words for key, (_, words) in names.FIXED.items()},
    **{("Actions", verb.value): takes for verb, takes in conditions._TAKES.items()},
}
_MODELS: Final = {"target": Target, "when": When, "every": Every, "require": Require}
_EXAMPLES: Final = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)
_AROUND: Final = """\
policy: Around
calendars: {office: {week: {mon-fri: "08:00-17:00"}}}
severities: {1: {name: Urgent}, 2: {name: Normal}}
plans: {premier: {}}
needs: {flags: {on_site: there}}
document:
- heading: Example
  clauses:
"""


def section(name: str) -> str:
    parts = re.split(r"^##+ ", _PAGE, flags=re.MULTILINE)
    (found,) = (part for part in parts if part.startswith(f"{name}\n"))
    return found


def tables(name: str) -> list[dict[str, str]]:
    """The tables of a section: the rest of each line by its first cell."""
    found = re.findall(r"(?:^\|.*\|\n)+", section(name), re.MULTILINE)
    return [dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", each, re.MULTILINE)) for each in found]


@pytest.mark.parametrize("name", _TABLES)
def test_every_key_and_word_has_its_line_and_no_other(name: str) -> None:
    told = [set(table) for table in tables(name)]
    assert told == [set(map(str, known)) for known in _TABLES[name]]


@pytest.mark.parametrize(("name", "key"), _LINES)
def test_every_word_of_a_key_stands_in_its_line(name: str, key: str) -> None:
    (line,) = (table[key] for table in tables(name) if key in table)
    assert set(map(str, _LINES[name, key])) <= set(re.findall(r"`(\w+)`", line))


@pytest.mark.parametrize("kind", _MODELS)
def test_defaults_are_those_of_the_page(kind: str) -> None:
    lines = tables(kind)[0]
    for each in fields(_MODELS[kind]):
        if isinstance(each.default, StrEnum):
            assert lines[each.name].split("|")[1].strip() == f"`{each.default}`", each.name


def test_whom_and_placeholders_are_told() -> None:
    assert all(f"`{whom}`" in section("Actions") for whom in names.PEOPLE)
    for name in ("within", "aim", "by", "outside_hours", "after", "every", "first", "table"):
        assert f"`{{{name}}}`" in section("Placeholders"), name


def test_every_lack_of_the_engine_is_told_and_no_other() -> None:
    rows = re.findall(r"^\| (.*?) \| ", section("What is not enforced yet"), re.MULTILINE)
    assert set(rows) - {"lack"} == set(terms._LACKS)


@pytest.mark.parametrize("number", range(len(_EXAMPLES)))
def test_examples_are_taken(number: int) -> None:
    example = _EXAMPLES[number]
    text = _AROUND + indent(example, "  ") if example.startswith("- ") else example
    if not {"document:", "extends:"} & set(text.split()):  # a piece of the head
        text = example + _AROUND + "  - {id: A, says: A., statement: true}"
    assert load_policy(text).clauses


def test_durations_are_those_of_the_page() -> None:
    lines = re.findall(r"^\| (`.*?`) \|", section("Durations"), re.MULTILINE)
    for text in re.findall(r"`(.*?)`", " ".join(lines)):
        silence = f"when: worked, after: {text}, calendar: office, do: [update: customer]"
        elapsed = "business" not in text
        rule = silence.replace(", calendar: office", "") if elapsed else silence
        assert load_policy(f"{_AROUND}  - {{id: A, says: A., {rule}}}").clauses
