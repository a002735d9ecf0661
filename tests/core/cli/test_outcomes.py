"""What cases turn out to be, at the terminal; and several policies side by side."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import CONFIG, Terminal

OWN = """
extends: magnolia
policy: Own
outcomes: {wish: {means: A wish., clocks: stop}, third_party: {means: Not ours., clocks: stop}}
kinds: {usage: A question of use.}
document:
- heading: Wishes
  clauses:
  - {id: W-1, says: Wishes are passed on., classify: [{outcome: wish, when: {words: would be nice}}]}
"""
BETA = """
extends: own.yaml
policy: Beta
for: {product: beta}
products: {mailer: {versions: {"7.0": {beta: true}}}}
"""


@pytest.fixture
def own(upheld: Terminal) -> Terminal:
    """A site that keeps two policies."""
    (upheld.folder / "own.yaml").write_text(OWN)
    (upheld.folder / "beta.yaml").write_text(BETA)
    several = CONFIG.replace("policy: magnolia", "policy: [own.yaml, beta.yaml]")
    upheld.config.write_text(several)
    return upheld


def judge(own: Terminal, case: str, *words: str, exits: int = 0) -> str:
    done = own("cases", "outcome", case, *words, "--as", "bo", exits=exits)
    return done.output


def test_an_outcome_is_said_shown_and_taken_back(own: Terminal) -> None:
    case = own.case()
    judge(own, case, "third_party", "--about", "Foo driver", "--reason", "it is theirs")
    shown = own("cases", "show", case).stdout
    assert "third_party Foo driver: it is theirs" in shown
    explained = own("explain", case).stdout
    assert "third_party, said by a person (Foo driver): it is theirs" in explained
    assert "off the clock: third_party" in explained
    judge(own, case, "--none", "--reason", "ours")
    assert own.json("explain", case)["outcome"] is None
    assert "none, said by a person: ours" in own("explain", case).stdout


@pytest.mark.parametrize(
    "words",
    [("--reason", "x"), ("wish", "--none", "--reason", "x"), ("wish",)],
)
def test_an_outcome_is_given_or_taken_back_with_a_reason(
    own: Terminal, words: tuple[str, ...]
) -> None:
    judge(own, own.case(), *words, exits=2)


def test_a_kind_is_said(own: Terminal) -> None:
    case = own.case()
    own("cases", "kind", case, "usage", "--as", "bo")
    assert own.json("explain", case)["kind"] == "usage"


def test_every_proposal_is_shown_with_its_rule_also_when_it_was_overridden(own: Terminal) -> None:
    case = own.case("A button would be nice")
    own("cases", "severity", case, "1", "--as", "bo")
    (proposal,) = own.json("explain", case)["proposals"]
    assert proposal == (
        "severity 2, outcome wish by M-10/M-10, W-1/W-1:"
        " nothing more specific was found; it says 'would be nice'"
    )
    assert proposal in own("explain", case).stdout
    assert "severity 2, outcome wish by M-10" in own("cases", "show", case).stdout


def test_the_report_tells_what_was_taken_off_a_clock_by_whom_and_how_close(own: Terminal) -> None:
    wish, theirs = own.case("A button would be nice"), own.case("One server is slow")
    judge(own, theirs, "third_party", "--about", "Foo driver", "--reason", "it is theirs")
    judge(own, theirs, "--none", "--reason", "ours")
    first, second = own.json("report", "--outcomes")
    assert (first["case"], first["outcome"], first["by"]) == (wish, "wish", "M-10/M-10, W-1/W-1")
    assert (second["case"], second["by"], second["about"]) == (theirs, "bo", "Foo driver")
    (clock,) = second["clocks"]
    assert (clock["clause"], clock["within"], clock["missed"]) == ("M-15", 86_400.0, False)
    assert clock["spent"] < 60
    assert second["until_by"] == "bo"
    table = own("report", "--outcomes").stdout
    assert "third party (Foo driver)" in table
    assert "M-15 first response: " in table
    assert own.json("report", "--outcomes", "--since", "2100-01-01") == []
    own("report", "M-15", "--outcomes", exits=2)


def test_a_defect_that_is_fixed_is_told_to_every_case_that_waits(own: Terminal) -> None:
    one, two = own.case(), own.case()
    for case in (one, two):
        own("cases", "provide", case, "defect", "DEV-17", "--as", "bo")
    assert own.json("cases", "fixed", "DEV-17", "in 3.1", "--as", "bo") == [one, two]
    assert own("cases", "fixed", "DEV-17", "--as", "bo").stdout == "all of them knew\n"
    assert "no case waits" in own("cases", "fixed", "DEV-71", "--as", "bo", exits=5).output


def test_a_report_without_any_says_so(own: Terminal) -> None:
    assert "nothing was taken off a clock" in own("report", "--outcomes").stdout


# --- several policies -----------------------------------------------------------------------------


def test_each_case_is_pinned_to_its_policy_and_each_policy_has_its_report(own: Terminal) -> None:
    own.case("One server is slow")
    beta = own.case("Slow", "--product", "mailer", "--version", "7.0")
    assert own.json("explain", beta)["policy"] == "Beta"
    kept = {(clause["policy"], clause["kept"]) for clause in own.json("report", "M-10")}
    assert kept == {("Own", 1), ("Beta", 1)}
    text = own("report").stdout
    assert text.index("Own\n") < text.index("Beta\n")


def test_status_and_check_name_them_all(own: Terminal) -> None:
    assert [each["name"] for each in own.json("status")["policies"]] == ["Own", "Beta"]
    found = own.json("check")
    assert {"Own", "Beta"} <= {
        each["what"].partition(":")[0] for each in found if each["about"] == "policy"
    }


def test_a_policy_that_no_case_can_be_pinned_to_is_told(own: Terminal) -> None:
    (own.folder / "beta.yaml").write_text(BETA.replace("for: {product: beta}\n", ""))
    whats = [each["what"] for each in own.json("check")]
    assert any(what.startswith("Beta: no case will be pinned to it") for what in whats)


def test_solutions_that_a_policy_offers_and_nobody_has_written_are_told(own: Terminal) -> None:
    offers = "W-2, says: We help., when: opened, do: [mail: reporter, offer: solutions]"
    (own.folder / "own.yaml").write_text(f"{OWN}  - {{id: {offers}}}\n")
    what = "the policy offers solutions that are known, and there are none"
    assert what in [each["what"] for each in own.json("check")]
    known = "solutions: {help: {title: Help, url: https://magnolia.example/help, words: [help]}}\n"
    own.config.write_text(own.config.read_text() + known)
    assert what not in [each["what"] for each in own.json("check")]


def test_two_policies_of_one_name_are_refused(own: Terminal) -> None:
    (own.folder / "beta.yaml").write_text(BETA.replace("policy: Beta", "policy: Own"))
    assert "two of them are called 'Own'" in own("status", exits=3).output


def test_fields_are_entered_as_pairs(own: Terminal) -> None:
    case = own.case("Slow", "--field", "environment=Linux = good", "--field", "site=Prague")
    events = own.json("cases", "show", case)["events"]
    found = {event["item"]: event["value"] for event in events if event["kind"] == "provided"}
    assert found == {"environment": "Linux = good", "site": "Prague"}
    words = ("cases", "open", "Slow", "--from", "pat@acme.example", "--field", "nonsense")
    assert "is no field" in own(*words, "--as", "bo", exits=4).output
