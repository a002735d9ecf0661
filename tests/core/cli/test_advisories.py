"""Security advisories on the command line."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Terminal

ADD = (
    "advisories",
    "add",
    "CVE-2026-1234",
    "--product",
    "till-os",
    "--fixed-in",
    "2.5",
    "--as",
    "bo",
)


def test_an_advisory_is_kept_listed_and_taken_back(upheld: Terminal) -> None:
    told = upheld(*ADD, "--why", "https://vendor.example/1234").stdout
    assert "A1 is kept: none of 0 systems of till-os runs anything older." in told
    listed = upheld("advisories", "list").stdout
    assert "CVE-2026-1234" in listed
    assert "till-os" in listed
    assert upheld.json("advisories", "list") == [
        {
            "id": "A1",
            "name": "CVE-2026-1234",
            "product": "till-os",
            "fixed_in": "2.5",
            "status": "open",
            "items": [],
        }
    ]
    assert "A1 is withdrawn" in upheld("advisories", "withdraw", "a1", "--as", "bo").stdout
    assert upheld.json("advisories", "list") == []
    assert [each["status"] for each in upheld.json("advisories", "list", "--all")] == ["withdrawn"]


@pytest.mark.parametrize(
    ("words", "wrong", "exits"),
    [
        (("advisories", "withdraw", "A7", "--as", "bo"), "there is no advisory A7", 5),
        ((*ADD[:6], "latest", "--as", "bo"), "'latest' is no version", 4),
    ],
)
def test_what_makes_no_sense_is_told(
    upheld: Terminal, words: tuple[str, ...], wrong: str, exits: int
) -> None:
    assert wrong in upheld(*words, exits=exits).stderr
