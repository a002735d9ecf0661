"""``upheld policy test`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.cli.conftest import Terminal

STORY = {
    "name": "A slow server",
    "policy": "magnolia",
    "customers": {"acme": {"contacts": {"contact": "pat@acme.example"}}},
    "facts": [
        {"at": "2026-03-03T14:00:00Z", "fact": "opened", "customer": "acme", "text": "It is slow"},
        {"at": "+1h", "fact": "triaged", "severity": 2, "number": "1042"},
    ],
    "until": "+30h",
}
MESSAGES = [
    {"at": "+0", "to": "reporter", "purpose": "ack", "clauses": ["M-02"]},
    {"at": "+1h", "to": "reporter", "purpose": "ticket_number", "clauses": ["M-05"]},
]


@pytest.fixture
def story(tmp_path: Path) -> Path:
    return tmp_path / "story.json"


def written(file: Path, **more: object) -> str:
    file.write_text(json.dumps(STORY | more), encoding="utf-8")
    return str(file)


def test_without_expectations_it_tells_what_would_happen(upheld: Terminal, story: Path) -> None:
    found = upheld.json("policy", "test", written(story))
    assert found["messages"][0] == {
        "at": "2026-03-03T14:00:00Z",
        "case": "c1",
        "to": "customer.contact",
        "purpose": "ack",
        "clauses": ["M-02"],
    }
    assert found["clocks"] == [
        {
            "case": "c1",
            "clause": "M-15",
            "target": "first_response",
            "cycle": 1,
            "due": "2026-03-04T14:00:00Z",
            "verdict": "missed",
            "met_at": None,
        }
    ]
    said = upheld("policy", "test", str(story)).stdout
    assert "ticket number  customer.contact" in said
    assert "first response  missed" in said


def test_what_is_as_expected_exits_with_0(upheld: Terminal, story: Path) -> None:
    said = upheld("policy", "test", written(story, expected={"messages": MESSAGES})).stdout
    assert said == "ok    A slow server\n\n1 of 1 as expected.\n"


def test_what_is_not_is_told_with_its_clause_and_exits_with_1(
    upheld: Terminal, story: Path
) -> None:
    file = written(story, expected={"messages": MESSAGES[:1]})
    said = upheld("policy", "test", file, exits=1).stdout
    assert "FAIL  A slow server" in said
    assert "M-05" in said
    found = upheld.json("policy", "test", file, exits=1)
    assert found["ok"] is False
    assert [each["clauses"] for each in found["unexpected"]] == [["M-05"]]
    assert (found["missing"], found["late"], found["wrong_clocks"]) == ([], [], [])


def test_a_draft_is_tried_in_place_of_the_policy_in_force(
    upheld: Terminal, story: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        "extends: magnolia\npolicy: Draft\ndocument:\n- heading: Severity levels\n  clauses:\n"
        "  - {id: M-15, says: 'In {within}.', target: first_response, for: {severity: 2},"
        " within: 12 hours}\n",
        encoding="utf-8",
    )
    found = upheld.json("policy", "test", written(story), "--policy", str(draft))
    assert found["clocks"][0]["due"] == "2026-03-04T02:00:00Z"


def test_several_files_are_one_list(upheld: Terminal, story: Path) -> None:
    file = written(story, expected={"messages": MESSAGES})
    found = upheld.json("policy", "test", file, file)
    assert (found["ok"], len(found["scenarios"])) == (True, 2)
    assert upheld("policy", "test", file, file, "--quiet").stdout == "\n2 of 2 as expected.\n"


def test_a_policy_that_is_not_there_is_told(upheld: Terminal, story: Path) -> None:
    assert (
        "there is no policy 'magnolai'"
        in upheld("policy", "test", written(story, policy="magnolai"), exits=3).stderr
    )


def test_nothing_is_stored(upheld: Terminal, story: Path) -> None:
    upheld("policy", "test", written(story))
    assert not (upheld.folder / "data").exists()
