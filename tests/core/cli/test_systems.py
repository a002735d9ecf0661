"""Systems on the command line: named, explained, and told of before their agreement ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.core.cli.conftest import Change, Terminal

TODAY = datetime.now(UTC).date()


def systems(edit: Change, **until: date | None) -> None:
    """Acme's systems, each with the last day of its agreement."""
    terms = (
        f"{{system: {name}" + (f", until: {day}" if day else "") for name, day in until.items()
    )
    listed = ", ".join(f"{term}}}" for term in terms)
    edit("    domains: [acme.example]", f"    systems: [{listed}]\n    domains: [acme.example]")


def test_a_system_is_named_and_explained(upheld: Terminal, edit: Change) -> None:
    systems(edit, till=TODAY - timedelta(days=9), gate=None)
    case = upheld.case("It is slow", "--system", "till")
    said = f"till: its agreement ended on {TODAY - timedelta(days=9)} (its field names it)"
    assert upheld.json("explain", case)["system"] == said
    assert said in upheld("explain", case).stdout
    assert "entitled" in upheld.kinds(case)
    upheld("cases", "provide", case, "system", "gate", "--as", "bo")
    assert upheld.json("explain", case)["system"] == "gate: under an agreement (its field names it)"


def test_check_tells_of_agreements_that_end(upheld: Terminal, edit: Change) -> None:
    soon, over = TODAY + timedelta(days=30), TODAY - timedelta(days=30)
    systems(edit, soon=soon, over=over, later=TODAY + timedelta(days=90), gate=None)
    told = upheld("check").stdout
    assert f"the agreement for soon of acme ends on {soon}" in told
    assert f"the agreement for over of acme ended on {over}" in told
    assert "for later of" not in told
    assert "for gate of" not in told


def test_one_that_is_renewed_already_is_not_told_of(upheld: Terminal, edit: Change) -> None:
    soon = TODAY + timedelta(days=30)
    terms = f"[{{system: till, until: {soon}}}, {{system: till, from: {soon + timedelta(days=1)}}}]"
    edit("    domains: [acme.example]", f"    systems: {terms}\n    domains: [acme.example]")
    assert "for till of" not in upheld("check").stdout
