"""Desks on the command line: handing over, who had it, and what each desk answers for."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Change, Terminal

POLICY = """
extends: magnolia
policy: Magnolia with two desks
calendars: {always: {hours: 24x7}}
tiers: {first: {name: First level}, top: {name: Top level}}
desks:
  home: {name: Home desk, tier: first, calendar: always, people: support-team}
  boston: {name: Boston, tier: top, calendar: always, people: vp-operations}
document:
- heading: Desks
  clauses:
  - {id: D-1, says: "Boston answers within {within}.", target: boston, tier: top, within: 4 hours, met_by: handed_over}
"""  # noqa: E501


@pytest.fixture
def case(upheld: Terminal, edit: Change) -> str:
    (upheld.folder / "two.yaml").write_text(POLICY, encoding="utf-8")
    edit("policy: magnolia", "policy: two.yaml")
    return upheld.case()


def over(upheld: Terminal, case: str, desk: str, why: str) -> None:
    upheld("cases", "hand-over", case, desk, why, "--as", "bo")


def test_a_case_is_handed_over_and_explain_tells_who_had_it(upheld: Terminal, case: str) -> None:
    over(upheld, case, "boston", "the board resets itself")
    told = upheld("explain", case).stdout
    assert "Who had it" in told
    assert "Boston (top)" in told
    assert "bo: the board resets itself" in told
    (first, second) = upheld.json("explain", case)["turns"]
    assert (first["desk"], second["desk"], second["by"]) == ("home", "boston", "bo")
    assert first["ends"] == second["begins"]
    assert upheld.kinds(case).count("handed_over") == 1


def test_the_clock_of_a_tier_names_whose_time_it_counts(upheld: Terminal, case: str) -> None:
    over(upheld, case, "boston", "the board resets itself")
    over(upheld, case, "home", "a new board is on its way")
    told = upheld("explain", case).stdout
    assert "met, with home" in told or "met, with boston" in told
    assert "running, with boston" in told


def test_the_report_of_desks(upheld: Terminal, case: str) -> None:
    over(upheld, case, "boston", "the board resets itself")
    over(upheld, case, "home", "a new board is on its way")
    told = upheld("report", "--desks").stdout
    assert "Home desk (first)" in told
    home, boston = upheld.json("report", "--desks")
    assert (home["desk"], home["cases"], home["turns"], home["now"]) == ("home", 1, 2, 1)
    assert (boston["desk"], boston["met"], boston["missed"], boston["now"]) == ("boston", 1, 0, 0)
    assert home["held"] >= 0
    assert upheld.json("report", "--desks", "--since", "2099-01-01") == []


def test_one_report_at_a_time(upheld: Terminal, case: str) -> None:
    assert "--desks" in upheld("report", "--desks", "--outcomes", exits=2).stderr
    assert "--desks" in upheld("report", "M-01", "--desks", exits=2).stderr


def test_a_site_without_desks_has_nothing_to_report(upheld: Terminal) -> None:
    upheld.case()
    assert "no desk had a case" in upheld("report", "--desks").stdout
    assert "Who had it" not in upheld("explain", "C1").stdout


def test_an_escalation_may_go_to_a_desk(upheld: Terminal, case: str) -> None:
    upheld("cases", "escalate", case, "boston", "too deep", "--as", "bo")
    assert upheld.json("explain", case)["turns"][-1]["desk"] == "boston"
    upheld("cases", "take-back", case, "known now", "--as", "bo")
    assert upheld.json("explain", case)["turns"][-1]["desk"] == "home"
    told = upheld("cases", "escalate", case, "bostn", "too deep", "--as", "bo", exits=5)
    assert 'did you mean "boston"?' in told.stderr


def test_check_tells_of_a_desk_that_no_policy_has(
    upheld: Terminal, case: str, edit: Change
) -> None:
    edit("    domains: [acme.example]", "    desk: bosten\n    domains: [acme.example]")
    told = upheld("check").stdout
    assert "acme has the desk 'bosten', which no policy has" in told
    assert 'did you mean "boston"?' in told


def test_check_looks_for_the_people_of_every_desk(
    upheld: Terminal, case: str, edit: Change
) -> None:
    told = POLICY + "  - {id: D-2, says: We hear., when: {tier: top}, do: [page: desk]}\n"
    (upheld.folder / "two.yaml").write_text(told, encoding="utf-8")
    edit("  vp-operations: ann\n", "")
    found = upheld("check", exits=3).stdout
    assert "D-2 tells vp-operations" in found
    assert "D-2 tells desk" not in found
