"""Solutions that are known are offered in the acknowledgement: G-07, P-04."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.story import PAT, STAFF, Story
from upheld.policy import load_shipped
from upheld.testing.stage import SITE, Stage

SOLUTIONS: Final = {
    "printer": {
        "title": "A printer that is not found",
        "url": "https://help.example/printer",
        "words": ["printer", "print"],
    },
    "password": {
        "title": "A new password",
        "url": "https://help.example/password",
        "words": ["password"],
    },
}


def site(policy: str) -> dict[str, Any]:
    """Magnolia's people under another policy."""
    roles = dict.fromkeys((*load_shipped(policy).roles, "operator"), "ann")
    links = {name: f"https://help.example/{name}" for name in load_shipped(policy).needs.links}
    return {**SITE, "policy": policy, "roles": roles, "links": links, "solutions": SOLUTIONS}


@pytest.mark.parametrize("policy", ["managry", "medusa"])
def test_g_07_p_04_a_known_solution_is_offered_at_once_and_taken(
    tmp_path: Path, database: str | None, policy: str
) -> None:
    with Stage(tmp_path, database=database, config=site(policy)) as stage:
        story = Story(stage)
        story.mail(PAT, "The printer is gone")
        told = story.expect_mail(PAT, "Re: The printer is gone")
        assert "https://help.example/printer" in told.text
        assert "https://help.example/password" not in told.text
        assert "service provider" not in told.text
        story.do.provide("C1", STAFF, "solution", "printer")
        story.settle()
        assert story.state().fields["solution"] == "printer"
        story.nothing_else()


def test_g_07_the_acknowledgement_asks_for_what_the_request_does_not_tell(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config=site("managry")) as stage:
        story = Story(stage)
        story.mail(PAT, "It crashes")
        told = story.expect_mail(PAT, "Re: It crashes")
        for item in ("configuration", "changes", "workaround", "steps"):
            assert f"  {item}:" in told.text
        story.nothing_else()


def test_p_04_where_nothing_fits_there_is_the_documentation(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config=site("medusa")) as stage:
        story = Story(stage)
        story.mail(PAT, "Our radiators are cold")
        told = story.expect_mail(PAT, "Re: Our radiators are cold")
        assert "https://help.example/documentation" in told.text
        assert "printer" not in told.text
        story.nothing_else()
