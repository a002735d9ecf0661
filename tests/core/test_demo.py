"""The demo: told to people, told to machines, and not kept when something is amiss."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from tests import night
from tests.postgresql import schema
from upheld import demo
from upheld.calendar.instant import MINUTE, parse
from upheld.cli import main
from upheld.testing.stage import START


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def played(*words: str, exits: int = 0) -> Any:
    done = CliRunner().invoke(main, ["demo", "--headless", "--json", *words])
    assert done.exit_code == exits, done.output + repr(done.exception)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def result() -> Any:
    return played()


def test_it_prints_one_object_with_what_was_sent_and_what_arrived(result: Any) -> None:
    assert list(result) == ["clauses", "sent", "received", "unexpected", "missing"]
    assert set(result["clauses"][0]) == {"id", "kept", "missed", "evidence"}
    assert {"at", "channel", "to", "clauses", "key"} <= set(result["sent"][0])
    assert result["unexpected"] == result["missing"] == []


def test_everything_that_was_sent_arrived_and_nothing_else(result: Any) -> None:
    assert len(result["received"]) == len(result["sent"]) == len(demo.EXPECTED)
    keys = [each["key"] for each in result["sent"]]
    assert len(set(keys)) == len(keys)


def test_the_vice_president_is_paged_at_two_hours_and_the_contact_called(result: Any) -> None:
    two_hours = parse(START) + (4 + 120) * MINUTE
    late = [each for each in result["sent"] if "M-14" in each["clauses"]]
    assert {(each["channel"], each["to"]) for each in late} == {
        ("page", "vera"),
        ("voice", "acme/pat@acme.example"),
    }
    assert {parse(each["at"]) for each in late} == {two_hours}


def test_the_engineer_finds_it_all_in_jira(result: Any) -> None:
    there = [each for each in result["received"] if each["to"] == "SUP-1"]
    counts = Counter(each["channel"] for each in there)
    assert counts == {"issue": 1, "public comment": 6, "internal comment": 2}
    to_pat = [each for each in result["received"] if each["to"] == "pat@acme.example"]
    assert len(to_pat) == counts["public comment"]  # what Pat was mailed is what stands there


def test_the_exercised_clauses_were_kept_and_none_missed(result: Any) -> None:
    counts = {each["id"]: (each["kept"], each["missed"]) for each in result["clauses"]}
    assert len(counts) == 27
    kept = {clause for clause, (kept, _) in counts.items() if kept}
    assert kept >= {f"M-{n:02}" for n in (1, 2, 3, 4, 5, 9, 10, 11, 13, 14, 17)}
    assert [clause for clause, (_, missed) in counts.items() if missed] == []
    assert counts["M-13"] == (4, 0)


def test_it_is_the_same_on_postgresql(result: Any) -> None:
    with schema() as url:
        there = played("--database", url)
    for part in ("sent", "unexpected", "missing"):
        assert there[part] == result[part]


def test_people_see_a_timeline_and_the_evidence_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = CliRunner().invoke(main, ["demo", "--fast"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert '18:30  Pat at Acme Internet mails support: "Nobody can connect".' in lines
    assert any("SUP-1 is opened in Jira" in line for line in lines)
    assert any("20:34" in line and "Vera" in line and "M-14" in line for line in lines)
    assert any(line.split()[:2] == ["M-13", "4"] for line in lines)
    assert max(map(len, lines)) <= 80
    assert "38 messages arrived, each expected, each once." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_message_that_does_not_come_or_was_not_expected_fails_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = demo.Expected(30, "page", "cy", "trigger", "Cy is paged")
    monkeypatch.setattr(demo, "EXPECTED", (*demo.EXPECTED[1:], wanted))
    done = CliRunner().invoke(main, ["demo", "--headless"])
    assert done.exit_code == 1
    assert "1 missing, 1 unexpected" in done.stdout
    assert "missing: 19:00 page to cy" in done.stdout


def test_who_works_by_commands_is_promised_the_same() -> None:
    """The crash matrix and the restored backup play that night."""

    def told(expected: Sequence[demo.Expected]) -> list[tuple[int, str, str]]:
        to_people = (each for each in expected if each.to != "SUP-1")
        return sorted((each.minute, each.channel, each.to) for each in to_people)

    assert told(night.EXPECTED) == told(demo.EXPECTED)
