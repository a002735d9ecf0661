"""``upheld policy render|diff`` as people call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Terminal

SLOWER = """extends: magnolia
policy: Magnolia Customer Support
document:
- heading: Severity levels
  clauses:
  - {id: M-16, says: "Within {within}.", target: first_response, for: {severity: 3}, within: 72 hours}
"""


@pytest.fixture
def slower(tmp_path: Path) -> str:
    file = tmp_path / "slower.yaml"
    file.write_text(SLOWER, encoding="utf-8")
    return str(file)


def test_the_sites_own_policy_is_rendered_as_markdown(upheld: Terminal) -> None:
    assert upheld("policy", "render").stdout.startswith("# Magnolia Customer Support\n")


def test_a_file_is_rendered_as_what_its_name_says(upheld: Terminal, slower: str) -> None:
    page = upheld.folder / "policy.html"
    said = upheld("policy", "render", slower, "-o", str(page)).stdout
    assert said == f"wrote {page}\n"
    assert "<p>Within 72 hours.</p>" in page.read_text(encoding="utf-8")


def test_the_format_can_be_named(upheld: Terminal) -> None:
    assert "<h1>Magnolia" in upheld("policy", "render", "magnolia", "--format", "html").stdout


def test_it_needs_no_ledger(upheld: Terminal) -> None:
    upheld("policy", "render")
    assert not (upheld.folder / "data").exists()


def test_what_a_draft_changes_is_told_in_words(upheld: Terminal, slower: str) -> None:
    said = upheld("policy", "diff", "magnolia", slower, exits=1).stdout
    assert "M-16\n" in said
    assert "  within: 48 hours → 72 hours (later)\n" in said


def test_the_sites_own_is_the_new_one_where_none_is_named(upheld: Terminal) -> None:
    assert upheld("policy", "diff", "magnolia").stdout == "they promise the same\n"
    assert upheld.json("policy", "diff", "magnolia") == []


def test_machines_get_both_values(upheld: Terminal, slower: str) -> None:
    found = upheld.json("policy", "diff", "magnolia", slower, exits=1)
    change = {"where": "M-16", "path": ["within"], "old": "48 hours", "new": "72 hours"}
    assert change in found


def test_open_cases_move_to_a_draft_after_a_look(upheld: Terminal, slower: str) -> None:
    case = upheld.case("A question about the invoice")
    upheld("cases", "triage", case, "3", "--number", "1042", "--as", "bo")
    words = ("policy", "migrate", "--open", "--to", slower, "--as", "bo")
    asked = upheld.json(*words, "--dry-run")
    (clock,) = asked["cases"][0]["clocks"]
    assert (asked["dry_run"], clock["clause"], asked["cases"][0]["moves"]) == (True, "M-16", True)
    assert "1 would be due at another instant" in upheld(*words, "--dry-run").stdout
    assert "1 are due at another instant" in upheld(*words).stdout
    assert upheld.kinds(case)[-1] == "migrated"
    assert upheld.json(*words)["cases"] == []


def test_which_cases_has_to_be_said(upheld: Terminal, slower: str) -> None:
    for more in ((), ("C1", "--open")):
        said = upheld("policy", "migrate", *more, "--to", slower, "--as", "bo", exits=2).stderr
        assert "say --open for all" in said


def test_a_policy_that_is_not_there_is_told(upheld: Terminal) -> None:
    said = upheld("policy", "diff", "magnolia", "magnolai.yaml", exits=3).stderr
    assert "magnolai.yaml: can't be read: No such file or directory" in said
