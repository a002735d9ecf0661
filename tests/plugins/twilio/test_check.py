"""Settings, and what `check` tells of an account and its number."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from tests.plugins.twilio.conftest import ANN, DOOR, configured
from tests.plugins.twilio.test_adapter import sent
from upheld.plugin import (
    Ability,
    Channel,
    Level,
    Outgoing,
)
from upheld.testing import ScratchContext
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import NUMBER, TwilioSimulator


@pytest.mark.parametrize(
    "changed",
    [
        {"account": "AC1"},
        {"number": "2025550100"},
        {"number": "+1 202 555 0100"},
        {"validity": 40_000},
        {"segments": 0},
        {"url": "http://api.twilio.com"},
        {"url": "https://user:word@api.twilio.com"},
        {"url": "https://api.twilio.com/2010-04-01"},
        {"url": "api.twilio.com"},
        {"api_key": "SK" + "a" * 32},
        {"api_secret": SecretStr("x")},
    ],
)
def test_a_wrong_setting_is_told(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(**changed)


def told(phone: Twilio, level: Level) -> str:
    return " ".join(each.what for each in phone.check() if each.level is level)


def test_check_changes_nothing(phone: Twilio, far: TwilioSimulator) -> None:
    assert [each.level for each in phone.check()] == [Level.OK]
    assert all(each.startswith("GET") for each in far.requests)


def test_check_sees_an_account_that_is_closed(phone: Twilio, far: TwilioSimulator) -> None:
    far.status = "suspended"
    assert told(phone, Level.ERROR) == "the account is suspended"


def test_check_sees_what_our_number_can_not_do(phone: Twilio, far: TwilioSimulator) -> None:
    far.capable["voice"] = False
    assert "can't do voice" in told(phone, Level.WARNING)


def test_check_sees_that_replies_go_elsewhere(phone: Twilio, far: TwilioSimulator) -> None:
    far.hook = "https://elsewhere.example/"
    assert f"do not come to {DOOR}" in told(phone, Level.WARNING)


def test_check_tells_what_is_missing_without_a_door(phone: Twilio, context: ScratchContext) -> None:
    context.public_url = None
    assert "no key of a call is heard" in told(phone, Level.WARNING)


def test_what_it_declares_is_what_it_does() -> None:
    assert Twilio.channels == {Channel.SMS, Channel.VOICE}
    assert Twilio.abilities == {Ability.PULL, Ability.RECEIVE, Ability.FIND, Ability.RECEIPTS}


def test_it_can_be_used_again_after_closing(phone: Twilio, far: TwilioSimulator) -> None:
    sent(phone)
    phone.close()
    phone.close()
    sent(phone, "page-8")
    assert len(far.sent) == 2


def test_an_outgoing_message_without_anything_still_has_its_mark(
    phone: Twilio, far: TwilioSimulator
) -> None:
    receipt = phone.send(Outgoing("t", "", ""), ANN, "page-7")
    assert far.sent[0].body == f"#{receipt.handle}"
    assert far.sent[0].sender == NUMBER
