"""A project proposes its own map, which `check` accepts once a person has read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.plugins.jira.connected import desk
from upheld.cli import main
from upheld.config import load_config
from upheld.testing import SteppedClock
from upheld_jira.discovery import severities, statuses
from upheld_jira.simulator import JiraSimulator


def test_priorities_are_severities_in_their_order() -> None:
    found = severities(["Highest", "High", "Medium", "Low", "Lowest"])
    assert found == {"Highest": 1, "High": 2, "Medium": 3, "Low": 4, "Lowest": 5}
    assert severities([]) == {}


@pytest.mark.parametrize(
    ("stages", "meant"),
    [
        (
            [("Open", "new"), ("Work in progress", "indeterminate"), ("Done", "done")],
            {"open": ["Open"], "worked": ["Work in progress"], "resolved": ["Done"]},
        ),
        (
            [("Resolved", "done"), ("Closed", "done"), ("Cancelled", "done")],
            {"resolved": ["Resolved"], "closed": ["Closed", "Cancelled"]},
        ),
        (
            [("Waiting for customer", "indeterminate"), ("Pending vendor", "indeterminate")],
            {"waiting_customer": ["Waiting for customer"], "waiting_vendor": ["Pending vendor"]},
        ),
        ([], {}),
    ],
)
def test_statuses_by_their_category_and_name(
    stages: list[tuple[str, str]], meant: dict[str, list[str]]
) -> None:
    assert statuses(stages) == meant


@pytest.mark.parametrize("kind", ["cloud", "dc"])
def test_what_a_project_has(tmp_path: Path, clock: SteppedClock, kind: str) -> None:
    with desk(tmp_path, clock, kind) as it:
        it.jira.add_field("Upheld due", "instant")
        found = it.tracker.propose()
        assert [each for each in it.asked if not each.startswith("GET")] == []
    mapped = dict(found.keys["map"])  # type: ignore[call-overload]
    assert mapped["due"] == "Upheld due"
    assert mapped["severity"]["values"]["Highest"] == 1
    assert found.options == {"groups": ["support-engineers"]}
    assert found.keys["staff"] == {"group": "support-engineers"}
    assert found.keys["customer_by"] == ["Organizations", "reporter_domain"]
    assert any("mails_customers" in each for each in found.notes)


def test_a_project_that_is_not_there_is_told_with_those_that_are(
    tmp_path: Path, clock: SteppedClock
) -> None:
    with desk(tmp_path, clock, project="NOSUCH") as it:
        (error,) = list(it.tracker.check())
    assert "SUP (Support)" in error.do_next


# --- upheld init ---


def upheld(*words: str, exits: int = 0) -> Result:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == exits, done.output + repr(done.exception)
    return done


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def given(jira: JiraSimulator, **changed: str) -> list[str]:
    settings = {"url": jira.url, "project": "SUP", "email": jira.email, **changed}
    return ["init", "--yes", "--tracker", "jira"] + [
        word for key, value in settings.items() for word in ("--set", f"{key}={value}")
    ]


def test_init_asks_jira_and_check_accepts_what_it_writes(
    cloud: JiraSimulator, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPHELD_JIRA_TOKEN", cloud.token)
    said = upheld(*given(cloud)).output
    assert "SUP has the types Incident" in said
    text = (here / "upheld.yaml").read_text()
    assert cloud.token not in text
    options = load_config(here / "upheld.yaml").connections["jira"].options
    assert options["token"] == {"env": "UPHELD_JIRA_TOKEN"}
    assert '"Low": 3, "Lowest": 3' in text, "as many severities as the policy has"
    found = upheld("check").output
    assert "signed in to Jira Cloud as Upheld" in found
    assert "Everything would work." in found


def test_a_secret_is_never_given_on_the_line_of_the_command(
    cloud: JiraSimulator, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPHELD_JIRA_TOKEN", raising=False)
    said = upheld(*given(cloud), exits=4).stderr
    assert "UPHELD_JIRA_TOKEN" in said
    assert not (here / "upheld.yaml").exists()


@pytest.mark.parametrize("words", [["--set", "url"], ["--set", "url=x"]])
def test_a_setting_without_a_value_or_a_tracker_is_refused(here: Path, words: list[str]) -> None:
    tracker = ["--tracker", "jira"] if words[1] == "url" else []
    assert "--set" in upheld("init", "--yes", *tracker, *words, exits=4).stderr
    assert not (here / "upheld.yaml").exists()
