"""``upheld policy lint`` as people call it."""

from __future__ import annotations

from pathlib import Path

from tests.core.cli.conftest import Terminal

DRAFT = """extends: magnolia
policy: Draft
document:
- heading: Severity levels
  clauses:
  - {id: M-16, says: "In 48 hours.", target: first_response, for: {severity: 3}, within: 72 hours}
"""
SMALL = "policy: Small\nseverities: {3: {name: Low}}\n" + DRAFT.partition("Draft\n")[2]


def test_a_draft_is_told_what_to_mend(upheld: Terminal, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(DRAFT, encoding="utf-8")
    said = upheld("policy", "lint", str(draft), exits=1).stdout
    assert f"{draft}:6:5: M-16: says '48 hours' by itself" in said
    assert "[literal-number]\n  → write a placeholder" in said
    found = upheld.json("policy", "lint", str(draft), exits=1)
    assert ("literal-number", 6, "M-16") in {
        (each["check"], each["line"], each["clause"]) for each in found
    }


def test_what_waits_is_all_that_is_found_in_what_ships(upheld: Terminal) -> None:
    found = upheld.json("policy", "lint", exits=1)
    assert {each["check"] for each in found} <= {"not-enforced", "unwritten"}


def test_what_the_file_accepts_is_counted_and_no_failure(upheld: Terminal, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    accepted = "  # accepted: literal-number, the law says so\n  - {id: M-16"
    draft.write_text(SMALL.replace("  - {id: M-16", accepted), encoding="utf-8")
    assert upheld("policy", "lint", str(draft)).stdout == "Nothing found; 1 accepted.\n"
    (found,) = upheld.json("policy", "lint", str(draft))
    assert found["accepted"] == "the law says so"
    draft.write_text(SMALL, encoding="utf-8")
    assert upheld("policy", "lint", str(draft), exits=1).stdout.endswith("\n1 found.\n")
