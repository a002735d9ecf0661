"""The document that customers read, from the file that runs."""

from __future__ import annotations

from tests.core.policy.written import HEAD, loaded
from upheld.policy import Policy, load_policy, load_shipped
from upheld.policy.document import Published, document
from upheld.policy.load import shipped
from upheld.policy.tables import Table


def read(*clauses: str) -> Published:
    return document(loaded(*clauses))


def under(page: Published, clause: str) -> tuple[Table, ...]:
    return next(
        each.tables
        for chapter in page.chapters
        for each in chapter.sentences
        if each.clause == clause
    )


def headings(page: Published) -> list[str]:
    return [chapter.heading for chapter in page.chapters]


def test_every_clause_of_what_ships_is_there_in_its_order() -> None:
    for name in shipped():
        policy = load_shipped(name)
        page = document(policy)
        assert [s.clause for c in page.chapters for s in c.sentences] == [
            clause.id for clause in policy.clauses
        ]


def test_no_placeholder_is_left_in_what_ships() -> None:
    for name in shipped():
        page = document(load_shipped(name))
        assert not [s.text for c in page.chapters for s in c.sentences if "{" in s.text]


def test_numbers_stand_where_the_rule_has_them() -> None:
    page = read("{id: A-1, says: 'Within {within}.', target: resolution, within: 24 hours}")
    assert page.chapters[0].sentences[0].text == "Within 24 hours."


def test_a_reading_is_a_footnote_numbered_through_the_document() -> None:
    page = read(
        "{id: A-1, says: One., statement: true}",
        "{id: A-2, says: Two., reading: As two., statement: true}",
        "{id: A-3, says: Three., reading: As three., statement: true}",
    )
    assert [each.note for each in page.chapters[0].sentences] == [None, 1, 2]
    assert [(n.number, n.clause, n.text) for n in page.notes] == [
        (1, "A-2", "As two."),
        (2, "A-3", "As three."),
    ]


TARGETS = """id: A-1
    says: 'So fast: {table}'
    rules:
    - {name: one, target: first_response, for: {severity: 1}, within: 1 hour, met_by: [call]}
    - {name: more, target: update, for: {severity: 1}, within: 2 hours}
    - {name: two, target: first_response, for: {severity: 2}, promises: none}"""


def test_a_table_has_a_row_a_severity_and_a_column_a_target() -> None:
    (table,) = under(read(TARGETS), "A-1")
    assert table.head == ("Severity", "First answer", "Then at least every")
    assert table.rows == (
        ("1 Urgent", "1 hour, by phone", "2 hours"),
        ("2 Medium", "no target is promised", "–"),
    )


def test_the_sentence_above_a_table_does_not_say_it_twice() -> None:
    assert read(TARGETS).chapters[0].sentences[0].text == "So fast:"


PLANS = """id: A-1
    says: '{table}'
    rules:
    - {name: s, target: resolution, for: {plan: standard, severity: 1}, within: 9 hours}
    - {name: p, target: resolution, for: {plan: premier, severity: 1}, within: 4 hours}"""


def test_plans_of_one_clause_are_told_apart() -> None:
    (table,) = under(read(PLANS), "A-1")
    assert [row[0] for row in table.rows] == ["1 Urgent (standard)", "1 Urgent (premier)"]


def test_a_plan_that_all_targets_of_a_clause_are_for_is_not_repeated() -> None:
    alone = PLANS.replace("plan: premier", "plan: standard").replace(
        "severity: 1}, within: 4", "severity: 2}, within: 4"
    )
    (table,) = under(read(alone), "A-1")
    assert [row[0] for row in table.rows] == ["1 Urgent", "2 Medium"]


def test_a_target_for_all_severities_says_so() -> None:
    (table,) = under(read("{id: A-1, says: '{table}', target: resolution, within: 9 hours}"), "A-1")
    assert table.rows == (("all", "9 hours"),)


def test_levels_stand_where_the_policy_tells_how_a_case_gets_one() -> None:
    page = document(load_shipped("magnolia"))
    (chapter,) = [each for each in page.chapters if each.tables]
    assert chapter.heading == "Severity levels"
    assert [row[:2] for row in chapter.tables[0].rows] == [
        ("1", "Urgent"),
        ("2", "Medium"),
        ("3", "Low"),
    ]


def test_levels_have_a_chapter_of_their_own_where_nothing_classifies() -> None:
    page = read("{id: A-1, says: One., statement: true}")
    assert headings(page) == ["Promises", "Severity levels"]


def office(**changes: str) -> Policy:
    head = HEAD
    for old, new in changes.items():
        head = head.replace(f"{old}:", f"{new}:")
    rule = "{id: A-1, says: One., target: resolution, within: 4 business hours, calendar: office}"
    return load_policy(f"{head}  - {rule}\n")


def test_hours_are_told_of_the_calendars_that_a_promise_runs_on() -> None:
    hours = document(office()).hours
    assert hours is not None
    assert hours.rows == (("Office", "Monday to Friday 08:00-17:00, time of UTC", "no holidays"),)


def test_no_hours_are_told_where_all_promises_run_round_the_clock() -> None:
    assert document(load_shipped("magnolia")).hours is None


def test_the_imprint_says_who_promises_it_and_in_which_edition() -> None:
    assert document(load_shipped("magnolia")).imprint == "Published by Magnolia Software, edition 1"
    assert read("{id: A-1, says: One., statement: true}").imprint == "Published"


def test_a_matrix_is_shown_whole_what_fills_its_empty_cells_too() -> None:
    (clause,) = [each for each in load_shipped("xecuritas").clauses if each.id == "X-05"]
    (table,) = under(document(load_shipped("xecuritas")), "X-05")
    assert table.head == ("Reach, depth", "unable", "significant", "moderate", "minor")
    assert table.rows == (
        ("large", "1", "1", "2", "3"),
        ("moderate", "1", "2", "2", "3"),
        ("small", "2", "2", "2", "3"),
    )
    assert "small: unable 2, significant 2, moderate 2, minor 3" in clause.published
