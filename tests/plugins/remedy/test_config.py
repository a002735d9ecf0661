"""The settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from upheld.plugin import Ability
from upheld_remedy.adapter import Remedy
from upheld_remedy.config import RemedyConfig

BASE = {"url": "https://ar.example.org:8443", "user": "upheld", "password": "canary"}


def test_defaults_are_itsms() -> None:
    config = RemedyConfig.model_validate(BASE)
    assert config.form.incidents == "HPD:Help Desk"
    assert config.names["text"].create == "Detailed_Decription"
    assert "canary" not in repr(config)


def test_a_form_and_a_field_that_are_called_otherwise() -> None:
    own = {"forms": {"notes": "SITE:Notes"}, "fields": {"title": "Summary"}}
    config = RemedyConfig.model_validate({**BASE, **own})
    assert (config.form.notes, config.form.people) == ("SITE:Notes", "CTM:People")
    assert config.names["title"].modify == "Summary"


@pytest.mark.parametrize(
    ("preset", "action", "tells"), [("itsm-9", "z1D_Action", False), ("helix", "z1D Action", True)]
)
def test_actions_and_answers_are_the_presets_until_said_otherwise(
    preset: str, action: str, tells: bool
) -> None:
    config = RemedyConfig.model_validate({**BASE, "preset": preset})
    assert (config.modify_action, config.create_action) == (action, "z1D_Action")
    assert config.tells is tells
    own = {"preset": preset, "actions": {"modify": "Do"}, "answers": not tells}
    config = RemedyConfig.model_validate({**BASE, **own})
    assert (config.modify_action, config.create_action) == ("Do", "z1D_Action")
    assert config.tells is not tells


@pytest.mark.parametrize("mails", [False, True])
def test_a_remedy_that_mails_customers_is_a_voice(mails: bool) -> None:
    config = RemedyConfig.model_validate({**BASE, "mails_customers": mails})
    assert (Ability.NOTIFIES_CUSTOMER in Remedy.abilities_with(config)) is mails
    assert Remedy.abilities <= Remedy.abilities_with(config)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"url": "http://ar.example.org"}, "https"),
        ({"url": "https://u:p@ar.example.org"}, "password"),
        ({"url": "https://ar.example.org/api/arsys"}, "/api"),
        ({"url": "nothing"}, "URL"),
        ({"preset": "itsm-7"}, "preset"),
        ({"priorities": {"High": ["4-Minor/Localized", "4-Low"]}}, "'High'"),
        ({"required": {"Done": ["assignee"]}}, "'Done'"),
        ({"with_status": {"Pending": {"reason": "x"}}}, "'reason'"),
        ({"rate": 0}, "rate"),
        ({"actions": {"delete": "z1D Action"}}, "delete"),
        ({"notes": {"fields": {"files": []}}}, "files"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RemedyConfig.model_validate({**BASE, **changed})
