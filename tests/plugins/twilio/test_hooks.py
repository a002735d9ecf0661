"""Callbacks: verified, read, answered, and nothing kept between two of them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.plugins.twilio.conftest import ANN, ANNS_PHONE, DOOR, MESSAGE, NOON
from upheld.plugin import (
    Answer,
    Auth,
    Delivery,
    Does,
    Message,
    Misconfigured,
    Nature,
    Outgoing,
    Receipt,
    Request,
)
from upheld.testing import ScratchContext, SteppedClock
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import TwilioSimulator, words

CALL = replace(MESSAGE, spoken="Case 1042, severity 1.")


def sent(phone: Twilio, far: TwilioSimulator, message: Outgoing = MESSAGE) -> str:
    phone.send(message, ANN, "page-7>ann")
    return far.sent[-1].sid


def called(phone: Twilio, far: TwilioSimulator, message: Outgoing = CALL) -> str:
    phone.send(message, ANNS_PHONE, "page-7>ann")
    return far.sent[-1].sid


def header(request: Request, name: str, value: str) -> Request:
    kept = tuple(each for each in request.headers if each[0] != name)
    return replace(request, headers=(*kept, (name, value)))


# --- news of sendings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", Delivery.ACCEPTED),
        ("sent", Delivery.ACCEPTED),  # not delivered: it may be anywhere
        ("delivered", Delivery.DELIVERED),
        ("undelivered", Delivery.FAILED),
        ("failed", Delivery.FAILED),
        ("canceled", Delivery.FAILED),
    ],
)
def test_news_of_an_sms(phone: Twilio, far: TwilioSimulator, status: str, state: Delivery) -> None:
    received = phone.receive(far.tell(sent(phone, far), status))
    assert received.response.status == 204
    assert received.items == (Receipt("page-7>ann", None, state, NOON, detail=status),)


def test_why_an_sms_did_not_arrive(phone: Twilio, far: TwilioSimulator) -> None:
    (receipt,) = phone.receive(far.tell(sent(phone, far), "undelivered", 30003)).items
    assert isinstance(receipt, Receipt)
    assert receipt.detail == "undelivered: the phone is off or out of reach (30003)"


def test_news_that_we_do_not_know_changes_nothing(phone: Twilio, far: TwilioSimulator) -> None:
    received = phone.receive(far.tell(sent(phone, far), "teleported"))
    assert (received.response.status, received.items) == (204, ())


@pytest.mark.parametrize(
    ("status", "by", "state"),
    [
        ("ringing", None, Delivery.ACCEPTED),
        ("in-progress", "human", Delivery.ACCEPTED),
        ("completed", None, Delivery.DELIVERED),
        ("completed", "human", Delivery.DELIVERED),
        ("completed", "machine_start", Delivery.FAILED),
        ("completed", "fax", Delivery.FAILED),
        ("busy", None, Delivery.FAILED),
        ("no-answer", None, Delivery.FAILED),
        ("failed", None, Delivery.FAILED),
    ],
)
def test_a_completed_call_acknowledges_nothing(
    phone: Twilio, far: TwilioSimulator, status: str, by: str | None, state: Delivery
) -> None:
    """Voicemail completes too: only a key counts."""
    (receipt,) = phone.receive(far.tell(called(phone, far), status, by=by)).items
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state) == ("page-7>ann", state)


def test_a_callback_that_comes_twice_says_the_same(phone: Twilio, far: TwilioSimulator) -> None:
    request = far.tell(sent(phone, far), "delivered")
    assert phone.receive(request) == phone.receive(request)


# --- a call is a dialogue -------------------------------------------------------------------------


def test_a_key_acknowledges(phone: Twilio, far: TwilioSimulator, clock: SteppedClock) -> None:
    sid = called(phone, far)
    assert words(far.items[-1].twiml) == (
        "Case 1 0 4 2, severity 1. Press 1 to acknowledge. Press 2 to pass it on."
    )
    clock.forward(seconds=20)
    received = phone.receive(far.press(sid, "1"))
    acknowledged = Receipt(
        "page-7>ann", sid, Delivery.ACKNOWLEDGED, clock.as_datetime(), detail="by key"
    )
    assert received.items == (acknowledged,)
    assert received.response.media_type == "text/xml"
    assert far.hear(sid, received.response.body) == "Thank you. It is yours. Goodbye."


def test_another_key_is_a_word_of_the_person_who_was_called(
    phone: Twilio, far: TwilioSimulator
) -> None:
    sid = called(phone, far)
    (message,) = phone.receive(far.press(sid, "2")).items
    assert isinstance(message, Message)
    assert (message.by.id, message.text, message.verified) == (ANN.value, "ESCALATE", True)
    assert message.thread == (sid,)
    (again,) = phone.receive(far.press(sid, "2")).items
    assert isinstance(again, Message)
    assert again.id == message.id  # once, however often it is pressed


@pytest.mark.parametrize("digits", ["", "7", "#"])
def test_who_presses_nothing_that_we_know_is_asked_again_and_then_let_go(
    phone: Twilio, far: TwilioSimulator, digits: str
) -> None:
    sid = called(phone, far)
    for _ in range(2):
        received = phone.receive(far.press(sid, digits))
        assert received.items == ()
        assert "Press 1 to acknowledge" in far.hear(sid, received.response.body)
    received = phone.receive(far.press(sid, digits))
    assert far.hear(sid, received.response.body) == "No answer. Goodbye."
    assert received.items == ()


def test_a_key_counts_though_the_daemon_was_restarted_meanwhile(
    phone: Twilio, far: TwilioSimulator, context: ScratchContext
) -> None:
    sid = called(phone, far)
    received = phone.receive(far.press(sid, ""))
    far.hear(sid, received.response.body)
    another = Twilio(phone.config, context)
    (receipt,) = another.receive(far.press(sid, "1")).items
    assert isinstance(receipt, Receipt)
    assert receipt.key == "page-7>ann"


def test_a_seal_of_our_own_making_alone_is_taken(phone: Twilio, far: TwilioSimulator) -> None:
    """Twilio's signature says who asks; the seal, what was asked."""
    sid = called(phone, far)
    with pytest.raises(Auth, match="seal"):
        phone.receive(far.callback(f"{DOOR}/call?t=eJwDAAAAAAE.AAAA", {"CallSid": sid}))


def test_who_calls_our_number_reaches_nobody(phone: Twilio, far: TwilioSimulator) -> None:
    request = far.callback(DOOR, {"CallSid": "CA1", "From": ANN.value, "CallStatus": "ringing"})
    received = phone.receive(request)
    assert b"<Reject" in received.response.body
    assert received.items == ()


# --- what people write ----------------------------------------------------------------------------


def test_a_reply(phone: Twilio, far: TwilioSimulator) -> None:
    received = phone.receive(far.write(ANN.value, "ACK 1042"))
    assert received.response.body == b"<Response />"
    (message,) = received.items
    assert isinstance(message, Message)
    assert (message.by.id, message.text, message.nature) == (ANN.value, "ACK 1042", Nature.NORMAL)
    # A caller's number can be forged: the words are taken, and prove nothing.
    assert (message.verified, message.thread) == (False, ())


def test_a_reply_that_quotes_the_mark_is_proven_and_names_what_it_answers(
    phone: Twilio, far: TwilioSimulator
) -> None:
    handle = phone.send(MESSAGE, ANN, "page-7>ann").handle
    (message,) = phone.receive(far.write(ANN.value, f"ack 1042 {handle}")).items
    assert isinstance(message, Message)
    assert (message.text, message.verified, message.thread) == ("ack 1042", True, (handle,))
    (stolen,) = phone.receive(far.write("+12025550166", f"ack 1042 {handle}")).items
    assert isinstance(stolen, Message)
    assert not stolen.verified


@pytest.mark.parametrize("word", ["STOP", "stop", " Start ", "HELP"])
def test_a_word_that_twilio_answers_itself_is_no_message_of_a_person(
    phone: Twilio, far: TwilioSimulator, word: str
) -> None:
    (message,) = phone.receive(far.write(ANN.value, word)).items
    assert isinstance(message, Message)
    assert message.nature is Nature.AUTOMATIC


def test_files_are_told_of(phone: Twilio, far: TwilioSimulator) -> None:
    (message,) = phone.receive(far.write(ANN.value, "See this", media=2)).items
    assert isinstance(message, Message)
    assert message.text == "See this\n[files at Twilio: 2]"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (None, "completed: a person or a machine answered"),
        ("unknown", "completed: a person or a machine answered"),
        ("human", "completed: a person answered"),
    ],
)
def test_goalert_921_a_call_that_was_completed_proves_no_person(
    phone: Twilio, far: TwilioSimulator, by: str | None, said: str
) -> None:
    phone.send(MESSAGE, ANNS_PHONE, "page-8")
    (told,) = phone.receive(far.tell(far.sent[-1].sid, "completed", by=by)).items
    assert isinstance(told, Receipt)
    assert (told.state, told.detail) == (Delivery.DELIVERED, said)


def test_a_message_by_webhook_and_by_list_is_one(phone: Twilio, far: TwilioSimulator) -> None:
    (pushed,) = phone.receive(far.write(ANN.value, "Words.")).items
    (pulled,) = phone.pull(None).items
    assert isinstance(pushed, Message)
    assert isinstance(pulled, Message)
    assert (pushed.id, pushed.text, pushed.by) == (pulled.id, pulled.text, pulled.by)


# --- who asks -------------------------------------------------------------------------------------


def test_without_a_signature_nothing_is_taken(phone: Twilio, far: TwilioSimulator) -> None:
    request = far.write(ANN.value, "ACK 1042")
    for forged in (
        header(request, "X-Twilio-Signature", ""),
        header(request, "X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        replace(request, headers=request.headers[:1]),
        replace(request, body=request.body.replace(b"1042", b"1043")),
        replace(request, url=f"{request.url}?x=1"),
        replace(request, url=request.url.replace("https", "http")),
    ):
        with pytest.raises(Auth) as raised:
            phone.receive(forged)
        assert raised.value.do_next
        assert far.token not in f"{raised.value} {raised.value!r}"


def test_names_of_headers_come_in_any_case(phone: Twilio, far: TwilioSimulator) -> None:
    request = far.write(ANN.value, "Words.")
    lower = tuple((name.lower(), value) for name, value in request.headers)
    assert len(phone.receive(replace(request, headers=lower)).items) == 1


def test_the_secondary_token_counts_while_tokens_are_rotated(
    phone: Twilio, far: TwilioSimulator, context: ScratchContext
) -> None:
    new = "0" * 32
    rotating = phone.config.model_copy(
        update={"next_token": type(phone.config.token)(new)},
    )
    old = far.write(ANN.value, "Words.")
    far.token = new
    for request in (old, far.write(ANN.value, "Words.")):
        assert len(Twilio(rotating, context).receive(request).items) == 1


def test_another_account_is_not_ours(phone: Twilio, far: TwilioSimulator) -> None:
    form = {"AccountSid": "AC" + "f" * 32, "From": ANN.value, "Body": "ACK 1042"}
    with pytest.raises(Auth, match="another account"):
        phone.receive(far.callback(DOOR, form))


def test_a_body_that_the_signature_does_not_cover_is_refused(
    phone: Twilio, far: TwilioSimulator
) -> None:
    """Of JSON Twilio signs the URL alone, with a hash of the body in it: not here."""
    request = far.callback(f"{DOOR}?bodySHA256={'0' * 64}", {})
    json = header(request, "Content-Type", "application/json")
    with pytest.raises(Auth, match="no form"):
        phone.receive(replace(json, body=b"{}"))


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"body": b"From=\xff\xfe%ff"},
        {"body": urlencode([(f"a{n}", "x") for n in range(300)]).encode()},
    ],
)
def test_what_is_no_form_of_theirs_is_refused(
    phone: Twilio, far: TwilioSimulator, changed: dict[str, str | bytes]
) -> None:
    with pytest.raises(Auth):
        phone.receive(replace(far.write(ANN.value, "x"), **changed))  # type: ignore[arg-type]


def test_callbacks_need_the_public_url(
    phone: Twilio, far: TwilioSimulator, context: ScratchContext
) -> None:
    """The URL that was signed is never taken from what a request says of itself."""
    context.public_url = None
    with pytest.raises(Misconfigured, match="public URL"):
        phone.receive(far.write(ANN.value, "Words."))
    context.public_url = "https://other.example"
    with pytest.raises(Auth, match=r"web\.url"):
        phone.receive(far.write(ANN.value, "Words."))


def test_receiving_asks_twilio_nothing(phone: Twilio, far: TwilioSimulator) -> None:
    sid = called(phone, far)
    before = list(far.requests)
    phone.receive(far.press(sid, "1"))
    phone.receive(far.tell(sid, "completed"))
    phone.receive(far.write(ANN.value, "ACK 1042"))
    assert far.requests == before


def test_a_key_with_special_characters_comes_back(phone: Twilio, far: TwilioSimulator) -> None:
    key = "case:1042/M-11/page>ann&x=1 ü#"
    phone.send(MESSAGE, ANN, key)
    (receipt,) = phone.receive(far.tell(far.sent[-1].sid, "delivered")).items
    assert isinstance(receipt, Receipt)
    assert receipt.key == key


def test_other_answers_than_those_that_were_offered_do_nothing(
    phone: Twilio, far: TwilioSimulator
) -> None:
    only = replace(CALL, answers=(Answer("5", Does.STATUS),))
    sid = called(phone, far, only)
    assert phone.receive(far.press(sid, "1")).items == ()
    (message,) = phone.receive(far.press(sid, "5")).items
    assert isinstance(message, Message)
    assert message.text == "STATUS"
    assert dict(parse_qsl(message.raw.decode()))["Digits"] == "5"
