"""A customer's own agreement, as explanations and reports tell of it: its sentences, its file."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Terminal

AGREEMENT = """extends: magnolia
policy: The agreement of Acme
document:
- heading: Severity levels
  clauses:
  - id: M-16
    says: "Acme's Severity 3 is answered within {within}."
    target: first_response
    for: {severity: 3}
    within: 4 hours
"""


@pytest.fixture
def agreed(upheld: Terminal) -> Terminal:
    """The site, with an agreement of its customer's."""
    (upheld.folder / "acme.yaml").write_text(AGREEMENT, encoding="utf-8")
    text = upheld.config.read_text(encoding="utf-8")
    named = text.replace(
        "name: Acme Internet", "name: Acme Internet\n    agreement: {policy: acme.yaml}"
    )
    upheld.config.write_text(named, encoding="utf-8")
    return upheld


def _entered(upheld: Terminal) -> str:
    case = upheld.case("A question of billing")
    upheld("cases", "triage", case, "3", "--as", "ann")
    return case


def test_explain_names_the_file_and_line_that_a_target_comes_from(agreed: Terminal) -> None:
    found = agreed.json("explain", _entered(agreed))
    assert found["policy"] == "The agreement of Acme"
    (clock,) = found["clocks"]
    assert (clock["where"], clock["says"]) == (
        "acme.yaml:6",
        "Acme's Severity 3 is answered within 4 hours.",
    )
    # What the agreement leaves alone comes from what it extends.
    assert {step["where"].partition(":")[0] for step in found["steps"]} == {"magnolia.yaml"}
    assert {each["where"] for each in found["coming"] if each["clause"] == "M-16"} == {
        "acme.yaml:6"
    }


def test_people_read_it_too(agreed: Terminal) -> None:
    said = agreed("explain", _entered(agreed)).output
    assert "The agreement of Acme (the-" in said
    assert "M-16 (acme.yaml:6): Acme's Severity 3" in said


def test_a_case_whose_agreement_was_edited_since_names_the_version_in_the_ledger(
    agreed: Terminal,
) -> None:
    case = _entered(agreed)
    version = agreed.json("explain", case)["policy_version"]
    (agreed.folder / "acme.yaml").write_text(AGREEMENT.replace("4 hours", "8 hours"))
    (clock,) = agreed.json("explain", case)["clocks"]
    assert clock["where"] == f"{version}, kept in the ledger"
    assert "within 4 hours" in clock["says"]


@pytest.mark.parametrize("name", ["The agreement of Acme", "Magnolia Customer Support"])
def test_a_report_judges_an_agreement_by_its_own_sentences(agreed: Terminal, name: str) -> None:
    text = AGREEMENT.replace("policy: The agreement of Acme\n", f"policy: {name}\n")
    (agreed.folder / "acme.yaml").write_text(text, encoding="utf-8")
    agreed("cases", "reply", _entered(agreed), "Here it is", "--as", "ann")
    found = {
        (each["policy"], each["id"]): (each["kept"], each["where"], each["says"])
        for each in agreed.json("report", "M-16")
    }
    own = name if name.startswith("The") else f"{name} (acme.yaml)"
    assert found[own, "M-16"][0] == 1
    assert found[own, "M-16"][1:] == (
        "acme.yaml:6",
        "Acme's Severity 3 is answered within 4 hours.",
    )
    kept, where, says = found["Magnolia Customer Support", "M-16"]
    assert (kept, where.partition(":")[0]) == (0, "magnolia.yaml")
    assert says == "Severity 3 is answered within 48 hours."
