"""All that is wrong is told at once, in the order of the file, each with its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.policy.written import HEAD, refused, told
from upheld.errors import ConfigError, Place
from upheld.policy import load_policy

_MANY = """\
policy: Many
calendars: {office: {week: {mon-fri: "8-17"}}}
severities: {1: {nme: Urgent}, 2: {name: Medium}}
roles: {lead: Lead}
document:
- heading: H
  clauses:
  - {id: A, says: A., when: opend, do: [pgae: lead]}
  - {id: B, says: B., target: update, within: 1 day}
  - {id: C, says: C., statemnt: true}
"""


def test_all_errors_come_together_in_the_order_of_the_file() -> None:
    places = [problem.where for problem in refused(_MANY).problems]
    assert all(isinstance(place, Place) for place in places)
    lines = [place.line for place in places if isinstance(place, Place)]
    assert lines == [2, 3, 3, 8, 8, 9, 10, 10]


def test_a_misspelt_name_is_told_beside_a_misspelt_key() -> None:
    text = HEAD + (
        "  - {id: A, says: A., when: opened, do: [page: led]}\n"
        "  - {id: B, says: B., when: opened, doo: [page: lead]}\n"
        "  - {id: C, says: C., kept_by: [X]}\n"
    )
    assert [each.partition(" → ")[0] for each in told(refused(text))] == [
        "16:42 A: page: there is no role 'led'",
        "17:5 document.0.clauses.1: `when` needs `do`",
        "17:37 document.0.clauses.1.doo: there is no such key",
        "18:33 C: kept_by: there is no clause 'X'",
    ]


def test_names_are_not_called_missing_where_their_list_could_not_be_read() -> None:
    text = HEAD.replace("roles: {lead", "roles: {x: , lead")
    text += "  - {id: A, says: A., when: opened, do: [page: anybody]}\n"
    assert told(refused(text)) == ["6:9 roles.x: is empty → give it a value, or leave it out"]


def test_a_clause_without_a_readable_id_may_be_the_one_that_is_meant() -> None:
    text = HEAD + ("  - {id: A, says: A., kept_by: [B]}\n  - {ID: B, says: B., statement: true}\n")
    assert [each.split(" ")[0] for each in told(refused(text))] == ["17:5", "17:6"]


def test_the_message_has_a_line_for_each_with_what_to_do() -> None:
    lines = str(refused(_MANY)).splitlines()
    assert lines[0].startswith("policy:2:13: calendars.office: '8-17' is no interval")
    assert lines[1] == "  → write it as 08:00-17:00"


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("policy: P\nseverities: {1: {name: A}}\ndocument: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(file)
    assert str(caught.value).startswith(f"{file}:3:1: document")


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"a: \x00", b"a: [", b"[" * 300, b"- 1\n- 2\n"])
def test_a_file_that_is_no_policy_is_refused_by_name(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "own.yaml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load_policy(file)
    assert str(caught.value).startswith(f"{file}:")


@pytest.mark.parametrize(
    ("defaults", "problem"),
    [
        (
            "{plan: premiere}",
            "defaults.plan: there is no plan 'premiere' → did you mean \"premier\"?",
        ),
        ("{severity: 9}", "defaults.severity: there is no severity 9 → one of: 1, 2"),
        ("{severity: high}", "defaults.severity: is not a whole number"),
        ("{calendar: office}", "defaults.calendar: there is no such key → one of: plan, severity"),
    ],
)
def test_a_default_is_one_of_what_the_file_lists(defaults: str, problem: str) -> None:
    text = HEAD.replace("needs:", f"defaults: {defaults}\nneeds:")
    (found,) = told(refused(f"{text}  - {{id: A, says: A., statement: true}}\n"))
    assert found.partition(" ")[2] == problem
