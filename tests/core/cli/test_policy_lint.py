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
    assert {each["check"] for each in found} == {"not-enforced"}
