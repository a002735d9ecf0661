"""SMS over a gateway: out, its receipts, what people write, and what goes wrong on the way."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from tests.plugins.kannel.conftest import ANN, HOOK, MESSAGE, NOON, SECRET, configured
from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Channel,
    Delivery,
    Level,
    Message,
    Misconfigured,
    Permanent,
    PluginError,
    Receipt,
    Refused,
    Request,
    Retry,
    Unknown,
    Urgency,
)
from upheld.sms import mark
from upheld.testing import ScratchContext, SteppedClock
from upheld_kannel.adapter import Kannel
from upheld_kannel.mapping import headers, received
from upheld_kannel.simulator import KannelSimulator

CANARY = "canary-of-the-gateway"
URL = "https://sms.example/cgi-bin/sendsms"


def asked(url: str) -> Request:
    return Request("GET", url, (), (), b"", NOON)


# --- out ------------------------------------------------------------------------------------------


def test_an_sms(sms: Kannel, far: KannelSimulator) -> None:
    wanted = mark("page-7", ANN.value, NOON, SECRET)
    receipt = sms.send(MESSAGE, ANN, "page-7")
    assert receipt == Receipt(
        "page-7", wanted, Delivery.ACCEPTED, NOON, detail="0: Accepted for delivery"
    )
    (sent,) = far.sent
    assert sent.text.splitlines() == [
        "Sev 1 1042 Acme: mail is down",
        "Since noon.",
        "Reply ACK 1042: acknowledge",
        f"#{wanted}",
    ]
    assert (sent.to, sent.urgent) == (ANN.value, True)


def told(**changed: Any) -> dict[str, str]:
    config = configured("http://127.0.0.1:9/cgi-bin/sendsms")
    given: dict[str, Any] = {"message": MESSAGE, "text": "x", "key": "page-7", "door": HOOK}
    given |= changed
    message, text, door, key = (given[name] for name in ("message", "text", "door", "key"))
    return headers(message, ANN.value, text, config, door, key=key, at=NOON)


def test_what_the_gateway_is_told() -> None:
    assert told() | {"X-Kannel-DLR-Url": ""} == {
        "X-Kannel-From": "4242",
        "X-Kannel-To": ANN.value,
        "X-Kannel-Coding": "0",
        "X-Kannel-Validity": "60",
        "X-Kannel-Priority": "3",
        "X-Kannel-DLR-Mask": "31",
        "X-Kannel-DLR-Url": "",
    }
    assert told(message=replace(MESSAGE, urgency=Urgency.LOW))["X-Kannel-Priority"] == "0"
    assert told(text="שלום")["X-Kannel-Coding"] == "2"
    assert told(text="Grüße, 5 €")["X-Kannel-Coding"] == "0"
    assert "X-Kannel-DLR-Url" not in told(door=None)


@pytest.mark.parametrize(("left", "minutes"), [(600, "10"), (30, "1"), (90_000, "60")])
def test_a_late_page_is_worse_than_none(left: int, minutes: str) -> None:
    until = replace(MESSAGE, valid_until=NOON + timedelta(seconds=left))
    assert told(message=until)["X-Kannel-Validity"] == minutes


def test_what_is_over_is_not_sent(sms: Kannel, far: KannelSimulator) -> None:
    with pytest.raises(Permanent, match="its time was over"):
        sms.send(replace(MESSAGE, valid_until=NOON), ANN, "page-7")
    assert far.requests == 0


@given(st.text())
def test_the_receipts_url_has_no_percent_sign_but_kannels_own(key: str) -> None:
    url = told(key=key)["X-Kannel-DLR-Url"]
    assert url.replace("%d", "").replace("%A", "").count("%") == 0
    assert url.isascii()


@pytest.mark.parametrize("to", ["", "ann", "2025550101"])
def test_what_is_no_number_reaches_nobody(sms: Kannel, far: KannelSimulator, to: str) -> None:
    with pytest.raises(Permanent, match="international form"):
        sms.send(MESSAGE, Address(Channel.SMS, to), "page-7")
    assert far.requests == 0


def test_it_speaks_to_nobody(sms: Kannel) -> None:
    with pytest.raises(Permanent, match="no voice"):
        sms.send(MESSAGE, Address(Channel.VOICE, ANN.value), "page-7")


# --- receipts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (1, Delivery.DELIVERED),
        (2, Delivery.FAILED),
        (4, Delivery.ACCEPTED),
        (8, Delivery.ACCEPTED),  # the message centre has it, no phone so far
        (16, Delivery.FAILED),
    ],
)
def test_a_receipt(sms: Kannel, far: KannelSimulator, kind: int, state: Delivery) -> None:
    key = "case:1042/M-11/page>ann&x=1 ü#%d"
    sms.send(MESSAGE, ANN, key)
    received = sms.receive(far.tell(far.sent[0], kind))
    (receipt,) = received.items
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state, receipt.at) == (key, state, NOON)
    assert (received.response.status, received.response.body) == (200, b"")


def test_why_a_message_did_not_arrive(sms: Kannel, far: KannelSimulator) -> None:
    sms.send(MESSAGE, ANN, "page-7")
    (receipt,) = sms.receive(far.tell(far.sent[0], 2, "stat:UNDELIV err:001")).items
    assert isinstance(receipt, Receipt)
    assert receipt.detail == "not delivered: stat:UNDELIV err:001"


def test_news_that_says_nothing_changes_nothing(sms: Kannel, far: KannelSimulator) -> None:
    sms.send(MESSAGE, ANN, "page-7")
    assert sms.receive(far.tell(far.sent[0], 32)).items == ()


def test_a_receipt_without_our_seal_is_refused(sms: Kannel, far: KannelSimulator) -> None:
    sms.send(MESSAGE, ANN, "page-7")
    mine = far.sent[0].receipts
    for url in (
        f"{HOOK}/dlr?type=1",
        f"{HOOK}/dlr?t=cGFnZS03.AAAA&type=1",
        mine.replace("?t=", "?t=x"),
    ):
        with pytest.raises(Auth, match="seal"):
            sms.receive(asked(url))


# --- what people write ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ACK 1042", "Grüße", "שלום 💥", "a\nb", "100 % & more + #1"])
def test_a_message_of_any_charset(sms: Kannel, far: KannelSimulator, text: str) -> None:
    (message,) = sms.receive(far.write(ANN.value, text, SECRET)).items
    assert isinstance(message, Message)
    assert (message.text, message.by.id, message.verified) == (text, ANN.value, False)
    assert SECRET.encode() not in message.raw


def test_a_reply_that_quotes_the_mark_is_proven(sms: Kannel, far: KannelSimulator) -> None:
    handle = sms.send(MESSAGE, ANN, "page-7").handle
    (message,) = sms.receive(far.write(ANN.value, f"ACK 1042 #{handle}", SECRET)).items
    assert isinstance(message, Message)
    assert (message.text, message.verified, message.thread) == ("ACK 1042", True, (handle,))
    (forged,) = sms.receive(far.write("+12025550166", f"ACK 1042 #{handle}", SECRET)).items
    assert isinstance(forged, Message)
    assert not forged.verified


@pytest.mark.parametrize("token", ["", "wrong-secret-of-nobody", SECRET[:-1]])
def test_without_the_secret_nothing_is_taken(sms: Kannel, far: KannelSimulator, token: str) -> None:
    with pytest.raises(Auth) as raised:
        sms.receive(far.write(ANN.value, "ACK 1042", token))
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "query",
    [
        "from=%2B1&text=x&charset=UTF-8",
        "id=1&text=x&charset=UTF-8",
        "id=1&from=%2B1&text=x&charset=EBCDIC",
        "id=1&from=%2B1&text=%FF&charset=UTF-8",
        "id=1&from=%2B1&text=%00&charset=UTF-16BE",
    ],
)
def test_what_can_not_be_read_is_kept(sms: Kannel, query: str) -> None:
    (item,) = sms.receive(asked(f"{HOOK}?token={SECRET}&{query}")).items
    assert isinstance(item, Refused)
    assert item.reason
    assert item.id
    assert SECRET.encode() not in item.raw


@pytest.mark.parametrize("name", ["token", "%74oken"])
def test_a_secret_that_a_url_writes_otherwise_is_kept_nowhere(name: str) -> None:
    secret = "a/secret+of=the door"
    asked_for = f"{HOOK}?{name}={quote_plus(secret)}&id=1&from=%2B1&text=ACK&charset="
    for charset in ("UTF-8", "EBCDIC"):
        item = received(asked(f"{asked_for}{charset}"), secret)
        assert isinstance(item, Message | Refused)
        assert item.raw == f"id=1&from=%2B1&text=ACK&charset={charset}".encode()


def test_a_callback_is_a_get(sms: Kannel, far: KannelSimulator) -> None:
    with pytest.raises(Auth, match="GET"):
        sms.receive(replace(far.write(ANN.value, "x", SECRET), method="POST"))


@given(st.text(max_size=200), st.sampled_from(["UTF-8", "UTF-16BE"]))
def test_any_text_comes_as_it_was_written(text: str, charset: str) -> None:
    url = (
        f"{HOOK}?token={SECRET}&id=1&from=%2B1&charset={charset}&text={quote(text.encode(charset))}"
    )
    item = received(asked(url), SECRET)
    assert isinstance(item, Message)
    assert item.text == text.strip()


# --- what goes wrong ------------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, "Number(s) has/have been denied by white- and/or black-lists.", Permanent),
        (401, "", Auth),
        (403, "Authorization failed for sendsms", Auth),
        (404, "Not found", Misconfigured),
        (307, "", Misconfigured),
        (429, "", Retry),
        (503, "Temporal failure, try again later.", Retry),
        (500, "", Unknown),
        (502, "<html>", Unknown),
        (200, "<html>welcome</html>", Unknown),
        (202, "<html>welcome</html>", Unknown),
        (202, "", Unknown),
    ],
)
def test_every_failure_has_its_class(
    context: ScratchContext, status: int, body: str, error: type[PluginError]
) -> None:
    responses.post(URL, status=status, body=body)
    with pytest.raises(error) as raised:
        Kannel(configured(URL), context).send(MESSAGE, ANN, "page-7")
    assert raised.type is error
    assert raised.value.do_next


@responses.activate
def test_queued_for_later_is_accepted_too(context: ScratchContext) -> None:
    responses.post(URL, status=202, body="3: Queued for later delivery")
    assert Kannel(configured(URL), context).send(MESSAGE, ANN, "k").state is Delivery.ACCEPTED


@responses.activate
def test_the_password_goes_in_a_header_and_is_in_no_url_and_no_error(
    context: ScratchContext,
) -> None:
    sms = Kannel(configured(URL, password=SecretStr(CANARY)), context)
    shown = [repr(sms.config)]
    for status in (400, 403, 500):
        responses.post(URL, status=status, body=f"no {CANARY} here")
        with pytest.raises(PluginError) as raised:
            sms.send(MESSAGE, ANN, "page-7")
        shown += traceback.format_exception(raised.value)
        responses.reset()
    refused = responses.post(URL, status=202, body="0: Accepted for delivery")
    sms.send(MESSAGE, ANN, "page-7")
    request = refused.calls[0].request
    assert request.headers["X-Kannel-Password"] == CANARY
    assert CANARY not in "".join(map(str, (*shown, request.url, request.body)))


# --- settings and check ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "http://sms.example/cgi-bin/sendsms"},
        {"url": "https://u:p@sms.example/"},
        {"url": "https://sms.example/?username=x"},
        {"url": "sms.example"},
        {"door": "http://desk.example"},
        {"door": "https://desk.example/%2f"},
        {"sender": "a name that is too long"},
        {"secret": SecretStr("short")},
        {"segments": 11},
        {"user": ""},
    ],
)
def test_a_wrong_setting_is_told(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(**{"url": URL, **changed})


def test_check_sends_nothing(sms: Kannel, far: KannelSimulator) -> None:
    assert [each.level for each in sms.check()] == [Level.OK]
    assert far.sent == ()


def test_check_tells_that_nothing_can_come_back(
    context: ScratchContext, far: KannelSimulator, clock: SteppedClock
) -> None:
    sms = Kannel(configured(far.url, door=None), context)
    assert [each.level for each in sms.check()] == [Level.OK, Level.WARNING]
    context.public_url = "https://upheld.example"
    assert [each.level for each in sms.check()] == [Level.OK]


def test_what_it_declares_is_what_it_does() -> None:
    assert Kannel.channels == {Channel.SMS}
    assert Kannel.abilities == {Ability.RECEIVE, Ability.RECEIPTS}


def test_it_can_be_used_again_after_closing(sms: Kannel, far: KannelSimulator) -> None:
    for key in ("page-7", "page-8"):
        sms.send(MESSAGE, ANN, key)
        sms.close()
        sms.close()
    assert len(far.sent) == 2
