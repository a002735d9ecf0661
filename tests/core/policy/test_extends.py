"""A customer's own agreement: a file that extends another and replaces clauses by their id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.core.policy.written import told
from upheld.errors import ConfigError, NotFound, Place
from upheld.policy import Policy, load_policy, load_shipped
from upheld.policy.model import Target
from upheld.policy.times import Elapsed
from upheld.source import Document, parse

_BASE: Final = """\
policy: Base
version: "1"
calendars: {office: {week: {mon-fri: "08:00-17:00"}}}
severities: {1: {name: Urgent}, 2: {name: Medium}}
roles: {lead: Lead}
needs: {templates: [hello], flags: {on_site: there}}
queues: [first]
document:
- heading: Answers
  text: What we promise.
  clauses:
  - {id: A-1, says: "Within {within}.", target: first_response, within: 24 hours}
  - {id: A-2, says: We page., when: opened, do: [page: lead]}
- heading: Other
  clauses:
  - {id: B-1, says: Said., statement: true}
"""

Extend = Callable[[str], Policy]


def extend(agreement: str, base: str = _BASE) -> Policy:
    """An agreement over the base."""
    return load_policy(
        parse(f"extends: base.yaml\n{agreement}", "own.yaml"), base=_bases({"base.yaml": base})
    )


def _bases(texts: dict[str, str]) -> Callable[[str], Document]:
    def base(name: str) -> Document:
        if name not in texts:
            raise NotFound(f"no policy {name!r}", do_next="name another")
        return parse(texts[name], name)

    return base


def refused(agreement: str, base: str = _BASE) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        extend(agreement, base)
    return caught.value


def section(clauses: str, heading: str = "Ours") -> str:
    return f"document:\n- heading: {heading}\n  clauses:\n  - {clauses}\n"


# --- clauses ------------------------------------------------------------------------------------


def test_an_agreement_that_changes_nothing_is_the_policy_below() -> None:
    assert extend("").version == load_policy(_BASE).version


def test_a_clause_of_the_same_id_is_replaced_where_it_stands() -> None:
    policy = extend(
        section('{id: A-1, says: "In {within}.", target: first_response, within: 4 hours}')
    )
    assert [each.id for each in policy.clauses] == ["A-1", "A-2", "B-1"]
    assert [each.heading for each in policy.sections] == ["Answers", "Other"]
    (target,) = policy.clauses[0].rules
    assert isinstance(target, Target)
    assert isinstance(target.within, Elapsed)
    assert policy.clauses[0].published == "In 4 hours."


def test_a_new_clause_joins_the_section_of_its_heading_or_comes_last() -> None:
    policy = extend(section("{id: A-3, says: More., statement: true}", "Answers"))
    assert [each.id for each in policy.sections[0].clauses] == ["A-1", "A-2", "A-3"]
    assert policy.sections[0].text == "What we promise."
    policy = extend(section("{id: A-3, says: More., statement: true}"))
    assert [each.heading for each in policy.sections] == ["Answers", "Other", "Ours"]


def test_what_a_section_says_is_not_lost() -> None:
    policy = extend(
        "document:\n- {heading: Answers, text: Ours alone.}\n- {heading: New, text: And so.}\n"
    )
    assert [(each.heading, each.text) for each in policy.sections] == [
        ("Answers", "Ours alone."),
        ("Other", None),
        ("New", "And so."),
    ]
    assert len(policy.sections[0].clauses) == 2


def test_an_id_twice_in_one_agreement_is_an_error_and_replaces_nothing_quietly() -> None:
    same = "{id: A-1, says: Twice., statement: true}"
    found = told(refused(section(f"{same}\n  - {same}")))
    assert ["stands 2 times" in each for each in found] == [True, True]


# --- what stands at the top ---------------------------------------------------------------------


def test_entries_are_laid_over_those_below() -> None:
    policy = extend(
        "roles: {desk: Desk, lead: Our lead}\nseverities: {3: {name: Low}}\n"
        "calendars: {always: {hours: 24x7}}\n"
    )
    assert policy.roles == {"lead": "Our lead", "desk": "Desk"}
    assert list(policy.severities) == [1, 2, 3]
    assert list(policy.calendars) == ["office", "always"]


def test_what_a_site_must_supply_is_what_both_need() -> None:
    policy = extend("needs: {templates: [hello, bye], links: [help], flags: {late: x}}\n")
    assert policy.needs.templates == ("hello", "bye")
    assert policy.needs.links == ("help",)
    assert list(policy.needs.flags) == ["on_site", "late"]


def test_anything_else_is_replaced_as_a_whole() -> None:
    policy = extend('policy: Own\nversion: "7"\nqueues: [second]\n')
    assert (policy.name, policy.label, policy.needs.queues) == ("Own", "7", ("second",))


def test_a_policy_names_what_it_extends_by_shipped_name() -> None:
    own = load_policy("extends: magnolia\npolicy: Own terms\n")
    assert len(own.clauses) == len(load_shipped("magnolia").clauses)
    assert own.version.startswith("own-")


def test_a_file_beside_it_is_found_and_a_shipped_policy_comes_first(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(_BASE, encoding="utf-8")
    (tmp_path / "magnolia").write_text("no policy", encoding="utf-8")
    (tmp_path / "own.yaml").write_text("extends: base.yaml\npolicy: Own\n", encoding="utf-8")
    (tmp_path / "far.yaml").write_text("extends: own.yaml\npublished_by: Far\n", encoding="utf-8")
    policy = load_policy(tmp_path / "far.yaml")
    assert (policy.name, policy.published_by, len(policy.clauses)) == ("Own", "Far", 3)
    (tmp_path / "own.yaml").write_text("extends: magnolia\n", encoding="utf-8")
    assert load_policy(tmp_path / "own.yaml").name == "Magnolia Customer Support"


# --- what goes wrong ----------------------------------------------------------------------------


def test_an_error_names_the_file_in_which_it_stands() -> None:
    error = refused(
        section("{id: A-1, says: Bad., when: opend, do: [page: lead]}"),
        _BASE.replace("page", "pgae"),
    )
    assert [str(problem.where) for problem in error.problems] == [
        "base.yaml:13:50",
        "own.yaml:5:27",
    ]


def test_a_name_that_leads_nowhere_is_told_in_the_file_that_uses_it() -> None:
    error = refused(section("{id: C-1, says: New., when: opened, do: [page: lad]}"))
    assert error.where == Place("own.yaml", 5, 46)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("extends: nothing\n", "own.yaml:1:1: extends: no policy 'nothing'\n  → name another"),
        ("extends: [a]\n", "own.yaml:1:1: extends: is not a text\n  → name a policy or a file"),
        ("extends: base\ndocument: {heading: x}\n", "own.yaml:2:1: document: is not a list"),
        ("extends: base\ndocument: [x]\n", "own.yaml:2:12: document.0: is not a mapping"),
        ("extends: base\ndocument: [{heading: x, clauses: [y]}]\n",
         "own.yaml:2:35: document.0.clauses.0: is not a mapping"),
    ],
)  # fmt: skip
def test_an_agreement_that_can_not_be_laid_over_anything_is_refused(
    text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_policy(parse(text, "own.yaml"), base=_bases({"base": _BASE}))
    assert str(caught.value).startswith(problem)


def test_a_circle_ends_with_an_error() -> None:
    bases = _bases({"a": "extends: b\n", "b": "extends: a\n"})
    with pytest.raises(ConfigError, match="leads back to itself, or through too many") as caught:
        load_policy(parse("extends: a\n", "own.yaml"), base=bases)
    assert isinstance(caught.value.where, Place)


@pytest.mark.parametrize("name", ["x" * 300, "a/../b", ".", "no.yaml"])
def test_a_base_that_is_no_file_is_a_policy_that_does_not_ship(tmp_path: Path, name: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(f"extends: {name}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="ships with Upheld") as caught:
        load_policy(file)
    assert "magnolia" in caught.value.do_next
