"""SMS and calls over a real socket, with everything that can go wrong on the way."""

from __future__ import annotations

import base64
import traceback
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from tests.plugins.twilio.conftest import ANN, ANNS_PHONE, DOOR, MESSAGE, NOON, configured
from upheld.plugin import (
    Address,
    Attachment,
    Auth,
    Channel,
    Delivery,
    Misconfigured,
    Permanent,
    PluginError,
    Receipt,
    Retry,
    Unknown,
)
from upheld.sms import carried, mark
from upheld.testing import ScratchContext, SteppedClock
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import ACCOUNT, TOKEN, TwilioSimulator

AGO = NOON - timedelta(hours=1)
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
CANARY = "CanaryCanaryCanaryCanaryCanary32"


def sent(phone: Twilio, key: str = "page-7", to: Address = ANN, **changed: Any) -> Receipt:
    return phone.send(replace(MESSAGE, **changed), to, key)


# --- SMS ------------------------------------------------------------------------------------------


def test_an_sms(phone: Twilio, far: TwilioSimulator) -> None:
    wanted = mark("page-7", ANN.value, NOON, TOKEN)
    receipt = sent(phone, url="https://desk.example/1042")
    assert receipt == Receipt("page-7", wanted, Delivery.ACCEPTED, NOON, detail=far.sent[0].sid)
    (item,) = far.sent
    assert item.body.splitlines() == [
        "Sev 1 1042 Acme: mail is down",
        "Since noon.",
        "Reply ACK 1042: acknowledge",
        "https://desk.example/1042",
        f"#{wanted}",
    ]
    assert item.form["StatusCallback"] == [f"{DOOR}/status?key=page-7"]


def test_how_to_answer_the_link_and_the_mark_are_never_cut(
    phone: Twilio, far: TwilioSimulator
) -> None:
    sent(phone, text="Very long. " * 300, url="https://desk.example/1042")
    body = far.sent[0].body
    assert "..." in body
    assert body.splitlines()[-3:-1] == ["Reply ACK 1042: acknowledge", "https://desk.example/1042"]
    assert len(body) <= 4 * 153


def test_files_are_named(phone: Twilio, far: TwilioSimulator) -> None:
    file = Attachment("", "log.txt", "text/plain", 1, lambda: BytesIO(b"x"))
    sent(phone, attachments=(file,))
    assert "Files: log.txt" in far.sent[0].body


@pytest.mark.parametrize(
    ("left", "period"),
    [(None, "3600"), (600, "600"), (0.5, "1"), (90_000, "3600")],
)
def test_a_late_page_is_worse_than_none(
    phone: Twilio, far: TwilioSimulator, left: float | None, period: str
) -> None:
    until = None if left is None else NOON + timedelta(seconds=left)
    sent(phone, valid_until=until)
    assert far.sent[0].form["ValidityPeriod"] == [period]


@pytest.mark.parametrize("to", [ANN, ANNS_PHONE])
def test_what_is_over_is_not_sent(phone: Twilio, far: TwilioSimulator, to: Address) -> None:
    with pytest.raises(Permanent, match="its time was over"):
        sent(phone, to=to, valid_until=NOON)
    assert far.sent == ()


@pytest.mark.parametrize("written", ["+1 (202) 555-0101", "+1.202.555.0101", "+1-202-555-0101"])
def test_a_number_as_people_write_it(phone: Twilio, far: TwilioSimulator, written: str) -> None:
    sent(phone, to=Address(Channel.SMS, written))
    assert far.sent[0].to == ANN.value


@pytest.mark.parametrize("written", ["", "2025550101", "+0123456789", "ann", "+1202555010x"])
def test_what_is_no_number_reaches_nobody(
    phone: Twilio, far: TwilioSimulator, written: str
) -> None:
    for channel in (Channel.SMS, Channel.VOICE):
        with pytest.raises(Permanent, match="international form") as raised:
            sent(phone, to=Address(channel, written))
        assert raised.value.do_next
    assert far.requests == []


def test_a_channel_that_it_does_not_have(phone: Twilio) -> None:
    with pytest.raises(Permanent, match="no mail"):
        sent(phone, to=Address(Channel.MAIL, "ann@magnolia.example"))


# --- calls ----------------------------------------------------------------------------------------


def test_a_call(phone: Twilio, far: TwilioSimulator) -> None:
    receipt = sent(phone, to=ANNS_PHONE)
    (item,) = far.sent
    assert receipt == Receipt("page-7", item.sid, Delivery.ACCEPTED, NOON)
    assert item.form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert item.form["Timeout"] == ["30"]
    assert "MachineDetection" not in item.form


def test_a_call_listens_for_machines_where_it_is_told_to(
    context: ScratchContext, far: TwilioSimulator
) -> None:
    phone = Twilio(configured(far.url, machines=True, ring=20), context)
    sent(phone, to=ANNS_PHONE)
    assert far.sent[0].form["MachineDetection"] == ["Enable"]
    assert far.sent[0].form["Timeout"] == ["20"]


def test_without_a_public_url_a_call_asks_for_no_key(
    phone: Twilio, far: TwilioSimulator, context: ScratchContext
) -> None:
    context.public_url = None
    sent(phone, to=ANNS_PHONE)
    assert "<Gather" not in far.sent[0].twiml
    assert "StatusCallback" not in far.sent[0].form


# --- an unknown outcome ---------------------------------------------------------------------------


@pytest.mark.parametrize("to", [ANN, ANNS_PHONE])
def test_what_went_out_is_found(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock, to: Address
) -> None:
    sent(phone, "another", to)
    wanted = sent(phone, "page-7", to)
    sent(phone, "yet another", to)
    clock.forward(minutes=2)
    found = phone.find("page-7", to, AGO)
    assert found.found is not None
    assert (found.found.handle, found.conclusive) == (wanted.handle, True)
    assert phone.find("page-8", to, AGO).found is None
    assert phone.find("page-7", replace(to, value="+12025550199"), AGO).found is None


def test_a_message_that_still_waits_at_twilio_is_found(phone: Twilio, far: TwilioSimulator) -> None:
    """It has no date of sending: a list that is filtered by that date would leave it out."""
    sent(phone)
    assert far.sent[0].sent is None
    assert phone.find("page-7", ANN, AGO).found is not None
    assert not any("DateSent" in each for each in far.requests)


def test_what_is_found_says_how_far_it_came(phone: Twilio, far: TwilioSimulator) -> None:
    sent(phone)
    far.tell(far.sent[0].sid, "undelivered", 30005)
    found = phone.find("page-7", ANN, AGO).found
    assert found is not None
    assert (found.state, found.key) == (Delivery.FAILED, "page-7")


def test_a_mark_of_yesterday_is_still_found(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    sent(phone)
    clock.forward(hours=20)
    assert phone.find("page-7", ANN, AGO).found is not None


def test_a_lookup_reads_no_further_back_than_it_has_to(
    phone: Twilio, far: TwilioSimulator, clock: SteppedClock
) -> None:
    for number in range(250):
        sent(phone, f"old-{number}")
    clock.forward(hours=5)
    before = len(far.requests)
    assert phone.find("page-7", ANN, clock.as_datetime() - timedelta(hours=1)).found is None
    assert len(far.requests) - before == 1


def test_a_message_of_ours_ends_with_its_mark(phone: Twilio, far: TwilioSimulator) -> None:
    receipt = sent(phone, text="A text that ends with #abcdefgh")
    assert carried(far.sent[0].body) == receipt.handle


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 21211, Permanent),
        (400, 21614, Permanent),
        (400, 21610, Permanent),
        (400, 21617, Permanent),
        (400, 22005, Permanent),
        (400, 99999, Permanent),
        (400, 21608, Misconfigured),
        (400, 21609, Misconfigured),
        (400, 30034, Misconfigured),
        (400, 63038, Misconfigured),
        (400, 21611, Retry),
        (429, 20429, Retry),
        (401, 20003, Auth),
        (403, 20003, Auth),
        (404, 20404, Misconfigured),
        (302, 0, Misconfigured),
        (200, 0, Unknown),
        (408, 0, Unknown),
        (500, 0, Unknown),
        (503, 0, Unknown),
    ],
)
def test_every_failure_has_its_class(
    phone: Twilio, far: TwilioSimulator, status: int, code: int, error: type[PluginError]
) -> None:
    far.fail_next(status, code)
    with pytest.raises(error) as raised:
        sent(phone)
    assert raised.type is error
    assert raised.value.do_next
    assert len(far.requests) == 1  # nothing that creates is ever repeated here


@pytest.mark.parametrize(
    ("end", "error"),
    [("0001", Permanent), ("0003", Misconfigured), ("0004", Permanent), ("0008", Retry)],
)
def test_numbers_that_twilio_refuses(
    phone: Twilio, far: TwilioSimulator, end: str, error: type[PluginError]
) -> None:
    with pytest.raises(error):
        sent(phone, to=Address(Channel.SMS, f"+1500555{end}"))


def test_who_wrote_stop_is_reached_over_another_channel(
    phone: Twilio, far: TwilioSimulator
) -> None:
    far.write(ANN.value, "STOP")
    with pytest.raises(Permanent, match="unsubscribed") as raised:
        sent(phone)
    assert "START" in raised.value.do_next
    sent(phone, to=ANNS_PHONE)
    far.write(ANN.value, "START")
    sent(phone)
    assert [each.call for each in far.sent] == [True, False]


@pytest.mark.parametrize(
    ("status", "error"), [(401, Auth), (404, Misconfigured), (500, Retry), (429, Retry)]
)
def test_a_reading_that_fails(
    phone: Twilio, far: TwilioSimulator, status: int, error: type[PluginError]
) -> None:
    for read in (lambda: phone.pull(None), lambda: phone.find("k", ANN, AGO)):
        far.fail_next(status)
        with pytest.raises(error) as raised:
            read()
        assert raised.value.do_next


@responses.activate
@pytest.mark.parametrize("body", ["", "<html>busy</html>", "[]", "{", "null"])
def test_an_answer_that_can_not_be_read_leaves_the_outcome_unknown(
    context: ScratchContext, body: str
) -> None:
    responses.post(f"{API}/Messages.json", status=201, body=body)
    with pytest.raises(Unknown, match="can't be read"):
        sent(Twilio(configured(), context))


@responses.activate
@pytest.mark.parametrize(
    "following", ["https://evil.example/", "@evil.example/", "//evil.example", "/else"]
)
def test_a_next_page_elsewhere_is_not_asked_for(context: ScratchContext, following: str) -> None:
    responses.get(f"{API}/Messages.json", json={"messages": [], "next_page_uri": following})
    responses.get(f"{API}/Messages.json", json={"messages": [], "next_page_uri": None})
    phone = Twilio(configured(), context)
    page = [{"sid": "SM1", "status": "received", "date_created": "Tue, 01 Dec 2026 11:59:00 +0000"}]
    responses.replace(
        responses.GET, f"{API}/Messages.json", json={"messages": page, "next_page_uri": following}
    )
    with pytest.raises(Retry, match="elsewhere"):
        phone.pull(None)
    assert len(responses.calls) == 1


@responses.activate
def test_a_redirect_is_not_followed(context: ScratchContext) -> None:
    responses.post(f"{API}/Messages.json", status=307, headers={"Location": "https://x.example/"})
    elsewhere = responses.post("https://x.example/", status=201)
    with pytest.raises(Misconfigured):
        sent(Twilio(configured(), context))
    assert elsewhere.call_count == 0


@responses.activate
def test_an_api_key_signs_in_and_the_token_still_verifies(context: ScratchContext) -> None:
    asked = responses.post(f"{API}/Messages.json", status=201, json={"sid": "SM1"})
    key = f"SK{'a' * 32}"
    sent(Twilio(configured(api_key=key, api_secret=SecretStr(CANARY)), context))
    given = asked.calls[0].request.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(given).decode() == f"{key}:{CANARY}"


@responses.activate
def test_secrets_are_in_no_error(context: ScratchContext) -> None:
    phone = Twilio(configured(token=SecretStr(CANARY)), context)
    shown = [repr(phone), repr(phone.config)]
    for status in (400, 401, 404, 429, 500):
        responses.post(f"{API}/Messages.json", status=status, json={"message": f"no {CANARY}!"})
        with pytest.raises(PluginError) as raised:
            sent(phone)
        shown += [str(raised.value), *traceback.format_exception(raised.value)]
        responses.reset()
    assert CANARY not in "".join(shown)
