"""docs/howto/jira.md, walked through as it stands there: the file, the commands, and what they show."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from tests.repository import DOCS
from upheld.cli import main
from upheld.testing import SteppedClock
from upheld.testing.stage import environment
from upheld_jira.simulator import JiraSimulator

PAGE = (DOCS / "howto" / "jira.md").read_text(encoding="utf-8")
#: Minutes that the page promises in all.
QUARTER = 15


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def days() -> SteppedClock:
    """Jira's clock, six days back; the commands run on the real one."""
    return SteppedClock(datetime.now(UTC) - timedelta(days=6))


@pytest.fixture
def own(days: SteppedClock) -> Iterator[JiraSimulator]:
    """A Jira with a week behind it: one is answered in time, one late, one was worked late."""
    with JiraSimulator(days.as_datetime) as jira:
        jira.add_person("eve", "Eve Tran", "eve@globex.example", kind="customer")
        jira.add_organisation("Globex")
        urgent = jira.create("Router down", by="eve", organisation="Globex", priority="Highest")
        slow = jira.create("Mail is slow", by="eve", request=True, priority="High")
        asked = jira.create("A question on the invoice", by="eve", priority="Medium")
        days.forward(hours=1)
        jira.comment(asked, "Here it is.", by="ann")
        days.forward(hours=2)
        jira.move(urgent, "Work in progress", by="ann")
        days.forward(hours=30)
        jira.comment(slow, "We look into it.", by="ann")
        days.forward_to(datetime.now(UTC))
        yield jira


def configured(folder: Path, jira: JiraSimulator) -> Path:
    """The page's own file, with this Jira in it in place of acme's."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(text.splitlines()) <= 25
    week = f"{datetime.now(UTC) - timedelta(days=10):%Y-%m-%d}"
    for theirs, ours in (
        ("https://acme.atlassian.net", jira.url),
        ("upheld@acme.example", jira.email),
        ("2026-11-01", week),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    file = folder / "upheld.yaml"
    file.write_text(f"{text}data: {folder}\n", encoding="utf-8")
    return file


def commands() -> list[str]:
    """What the page says to type, in order, from `upheld check` on."""
    return re.findall(r"^upheld .*$", PAGE, re.MULTILINE)


def test_the_page_promises_a_quarter_of_an_hour() -> None:
    words = {"one": 1, "two": 2, "three": 3, "eight": 8}
    minutes = re.findall(r"^## \d\. .*\((\w+) minutes?", PAGE, re.MULTILINE)
    assert sum(words[each] for each in minutes) <= QUARTER


def test_from_the_file_to_the_first_report(
    tmp_path: Path, own: JiraSimulator, days: SteppedClock
) -> None:
    file = configured(tmp_path, own)
    before = own.issues
    began = time.monotonic()

    def told(line: str) -> str:
        done = CliRunner().invoke(main, ["-c", str(file), *line.split()[1:]])
        assert done.exit_code == 0, done.output
        return done.output

    with environment({"UPHELD_JIRA_TOKEN": own.token}):
        check, once, report, clause, forever, shadow, _ = commands()
        assert forever == "upheld run"
        assert "signed in to Jira Cloud" in told(check)
        assert "in shadow mode" in told(once)
        assert "M-15" in told(report)
        assert re.search(r"before enforcement\s+first response 9 h too late", told(clause))
        days.forward_to(datetime.now(UTC))
        own.create("Everything is down", by="eve", request=True, priority="Highest")
        screen, listed = told(once), told(shadow)
    assert time.monotonic() - began < 60 * QUARTER
    assert re.search(r"--- PAGE.* to Ann Reyes.*\n.*Everything is down", screen)
    assert "@jira" in listed
    assert own.issues[: len(before)] == before, "nothing is written to Jira"
    assert own.issues[-1].comments == []
